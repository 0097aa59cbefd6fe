// Makes the SDK of C# from a package's schema, with the newest generator of it that the module proxy serves: later ones are in
// pulumi-dotnet, whose modules it does not have. Of its own module, because it needs an old version of what sdkgen needs.
//
//	sdkgenDotnet SCHEMA FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// noLogo answers the generator's request for Pulumi's logo, which is in a package of C# and says nothing about its code.
type noLogo struct{}

func (noLogo) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func main() {
	http.DefaultClient = &http.Client{Transport: noLogo{}}
	if len(os.Args) != 3 {
		fail(fmt.Errorf("two arguments are needed: the schema's file, and a folder"))
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func generate(schemaFile, folder string) error {
	content, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	spec := schema.PackageSpec{}
	if err := json.Unmarshal(content, &spec); err != nil {
		return fmt.Errorf("%s is no schema: %w", schemaFile, err)
	}
	pkg, err := schema.ImportSpec(spec, map[string]schema.Language{"csharp": dotnet.Importer})
	if err != nil {
		return err
	}
	files, err := dotnet.GeneratePackage("pulumi", pkg, nil)
	if err != nil {
		return err
	}
	for name, text := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "sdkgenDotnet:", err)
	os.Exit(1)
}
