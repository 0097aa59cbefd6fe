// The real provider, whose own main package does not build from the module proxy: the file that it embeds, schema-embed.json,
// is in no module. It serves the schema to those who generate SDKs, and no program asks for it.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() { provider.Serve("kubernetes", version.Version, []byte("{}"), []byte("{}")) }
