// Package codegen stands in for pulumi-dotnet's code generator, which is not served as a Go module. The provider fills this
// one struct while it describes its schema; it is marshalled as JSON and read by nothing that runs here.
// https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/provider.go
package codegen

type CSharpPackageInfo struct {
	RespectSchemaVersion bool              `json:"respectSchemaVersion,omitempty"`
	PackageReferences    map[string]string `json:"packageReferences,omitempty"`
}
