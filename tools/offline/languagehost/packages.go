package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// packageFile is the part of a package.json that says which provider plugin a package needs.
type packageFile struct {
	Name             string            `json:"name"`
	Version          string            `json:"version"`
	Dependencies     map[string]string `json:"dependencies"`
	DevDependencies  map[string]string `json:"devDependencies"`
	PeerDependencies map[string]string `json:"peerDependencies"`
	Workspaces       []string          `json:"workspaces"`
	Pulumi           struct {
		Resource bool   `json:"resource"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Server   string `json:"server"`
	} `json:"pulumi"`
}

// requiredPackages are the providers of the program's direct dependencies. What only a dependency's dependency uses is
// asked for by the engine when its first resource is registered.
func requiredPackages(directory string) ([]*pulumirpc.PackageDependency, error) {
	path, err := findUpwards(directory, "package.json")
	if err != nil {
		return nil, err
	}
	program, err := readPackage(path)
	if err != nil {
		return nil, err
	}
	required := []*pulumirpc.PackageDependency{}
	for _, name := range program.dependencyNames() {
		// Not in folders above, where a package of a workspace has them: the official host does not look there, either.
		dependency, err := readPackage(filepath.Join(filepath.Dir(path), "node_modules", name, "package.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // an optional peer
		}
		if err != nil {
			return nil, err
		}
		if dependency.Pulumi.Resource {
			required = append(required, dependency.plugin())
		}
	}
	return required, nil
}

func (p *packageFile) dependencyNames() []string {
	names := map[string]bool{}
	for _, group := range []map[string]string{p.Dependencies, p.DevDependencies, p.PeerDependencies} {
		for name := range group {
			names[name] = true
		}
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	sort.Strings(sorted)
	return sorted
}

func (p *packageFile) plugin() *pulumirpc.PackageDependency {
	name := p.Pulumi.Name
	if name == "" {
		name = p.Name[strings.LastIndex(p.Name, "/")+1:]
	}
	version := p.Pulumi.Version
	if version == "" {
		version = p.Version
	}
	return &pulumirpc.PackageDependency{Kind: "resource", Name: name, Version: version, Server: p.Pulumi.Server}
}

func readPackage(path string) (*packageFile, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file := &packageFile{}
	if err := json.Unmarshal(content, file); err != nil {
		return nil, fmt.Errorf("%s is not a valid package.json: %w", path, err)
	}
	return file, nil
}

// findUpwards finds a path in a folder or in the nearest one above it, as Node.js looks for packages.
func findUpwards(directory, path string) (string, error) {
	for folder := directory; ; folder = filepath.Dir(folder) {
		candidate := filepath.Join(folder, path)
		if _, err := os.Stat(candidate); err == nil {
			return candidate, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("no %s in %s or a folder above it: %w", path, directory, fs.ErrNotExist)
		}
	}
}
