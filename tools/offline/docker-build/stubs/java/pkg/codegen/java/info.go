// Package java stands in for pulumi-java's code generator, which is not served as a Go module. The provider fills this one
// struct while it describes its schema; it is marshalled as JSON and read by nothing that runs here.
// https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/provider.go
package java

type PackageInfo struct {
	BuildFiles                      string            `json:"buildFiles,omitempty"`
	GradleNexusPublishPluginVersion string            `json:"gradleNexusPublishPluginVersion,omitempty"`
	Dependencies                    map[string]string `json:"dependencies,omitempty"`
	BasePackage                     string            `json:"basePackage,omitempty"`
}
