package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// What a plugin in JavaScript takes, which Pulumi installs from a folder or a Git repository, as the official host of Node.js
// does it: https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/nodejs/cmd/pulumi-language-nodejs/main.go

const runPlugin = "node_modules/@pulumi/pulumi/cmd/run-plugin"

func (h *host) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(server, req.GetIsTerminal())
	if err != nil {
		return err
	}
	defer closer.Close()
	if language != "nodejs" {
		return fmt.Errorf("this host of %s installs nothing", language)
	}
	folder, err := workspaceRoot(req.GetInfo().GetProgramDirectory())
	if err != nil {
		return err
	}
	args := []string{"install", "--loglevel=error"}
	if production, _ := req.GetInfo().GetOptions().AsMap()["production"].(bool); production {
		args = append(args, "--production")
	}
	if err := runStreamed(exec.CommandContext(server.Context(), "npm", args...), folder, os.Environ(), stdout, stderr); err != nil {
		return fmt.Errorf("npm install in %s: %w", folder, err)
	}
	return closer.Close()
}

func (h *host) RunPlugin(req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer) error {
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false)
	if err != nil {
		return err
	}
	defer closer.Close()
	if language != "nodejs" {
		return fmt.Errorf("this host of %s runs no plugins", language)
	}
	folder := req.GetInfo().GetProgramDirectory()
	runner, err := findUpwards(folder, runPlugin)
	if err != nil {
		return fmt.Errorf("%w: run `npm install` in %s", err, folder)
	}
	cmd := exec.CommandContext(server.Context(), "node", append([]string{runner, folder}, req.GetArgs()...)...)
	err = runStreamed(cmd, req.GetPwd(), req.GetEnv(), stdout, stderr)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the plugin ended with %s", exit.String())
	}
	if err != nil {
		return err
	}
	return closer.Close()
}

func runStreamed(cmd *exec.Cmd, folder string, environment []string, stdout, stderr io.Writer) error {
	cmd.Dir, cmd.Env = folder, environment
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd.Run()
}

// workspaceRoot is the folder in which npm installs what a package of a workspace needs, otherwise the package's own.
func workspaceRoot(folder string) (string, error) {
	for above := filepath.Dir(folder); above != filepath.Dir(above); above = filepath.Dir(above) {
		file, err := readPackage(filepath.Join(above, "package.json"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		isMember := func(pattern string) bool {
			matches, _ := filepath.Glob(filepath.Join(above, pattern))
			return slices.Contains(matches, folder)
		}
		if slices.ContainsFunc(file.Workspaces, isMember) {
			return above, nil
		}
	}
	return folder, nil
}
