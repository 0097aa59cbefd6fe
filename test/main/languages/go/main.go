// The Pulumi program of the tests in Go: an image on one node of its own, as `spec.json` in the project's folder says.
package main

import (
	"encoding/json"
	"os"

	mpi "example.com/pulumi-multi-platform-image/sdk/go/multiplatformimage"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

type spec struct {
	Tag  string
	Node struct {
		Endpoint string
		TLS      struct{ CA, Cert, Key, ServerName string }
	}
}

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		var given spec
		text, err := os.ReadFile("spec.json")
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &given); err != nil {
			return err
		}
		node := given.Node
		builder, err := mpi.NewBuilder(ctx, "builders", &mpi.BuilderArgs{
			Nodes: mpi.NodeArray{&mpi.NodeArgs{
				Kind:             mpi.NodeKindRemote,
				Platform:         mpi.PlatformLinuxAmd64,
				AdditionalPlatforms: mpi.PlatformArray{mpi.PlatformLinuxArm64},
				Endpoint:         pulumi.String(node.Endpoint),
				Tls: &mpi.RemoteNodeTlsArgs{
					Ca:         pulumi.String(node.TLS.CA),
					Cert:       pulumi.String(node.TLS.Cert),
					Key:        pulumi.ToSecret(pulumi.String(node.TLS.Key)).(pulumi.StringOutput),
					ServerName: pulumi.String(node.TLS.ServerName),
				},
			}},
		})
		if err != nil {
			return err
		}
		image, err := mpi.NewMultiPlatformImage(ctx, "app", &mpi.MultiPlatformImageArgs{
			Context: pulumi.String("./app"),
			Tags:    pulumi.StringArray{pulumi.String(given.Tag)},
			Builder: builder,
		})
		if err != nil {
			return err
		}
		ctx.Export("indexDigest", image.IndexDigest)
		ctx.Export("platformDigests", image.PlatformDigests)
		return nil
	})
}
