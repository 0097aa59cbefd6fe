// pulumi-yaml's language host, with what its newest version that the module proxy serves does not have and the engine asks for:
// https://github.com/pulumi/pulumi-yaml/blob/v1.25.0/cmd/pulumi-language-yaml/main.go
// Pulumi's modules are newer than its own, which look for a plugin of a Git repository in a folder whose name lacks the plugin's path in
// the repository (https://github.com/pulumi/pulumi/pull/21119).
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi-yaml/pkg/server"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const engineCheckInterval = 2 * time.Second

type host struct {
	pulumirpc.LanguageRuntimeServer
}

// Link has nothing to do: a program in YAML finds its packages in the project's file and in `sdks`.
func (h *host) Link(context.Context, *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	return &pulumirpc.LinkResponse{}, nil
}

func main() {
	engine := os.Args[len(os.Args)-1]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := rpcutil.Healthcheck(ctx, engine, engineCheckInterval, cancel); err != nil {
		fail(fmt.Errorf("the engine at %s can't be watched: %w", engine, err))
	}
	stop := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(s, &host{server.NewLanguageHost(engine, "", false)})
			return nil
		},
	})
	if err != nil {
		fail(err)
	}
	fmt.Println(handle.Port)
	go func() {
		<-ctx.Done()
		close(stop)
	}()
	if err := <-handle.Done; err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-language-yaml:", err)
	os.Exit(1)
}
