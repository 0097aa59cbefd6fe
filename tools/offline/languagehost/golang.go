package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// goRunner compiles the program, as the official host does before each run: what did not change is in Go's own cache.
// https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/pulumi-language-go/main.go
func goRunner(ctx context.Context, engine string, req *pulumirpc.RunRequest) ([]string, []string, error) {
	info := req.GetInfo()
	folder, err := os.MkdirTemp("", "pulumi-go-")
	if err != nil {
		return nil, nil, err
	}
	// The host ends with the run, and the program is what is left to remove then.
	atEnd = append(atEnd, func() { _ = os.RemoveAll(folder) })
	program := filepath.Join(folder, "program")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir = filepath.Join(info.GetProgramDirectory(), info.GetEntryPoint())
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return nil, nil, fmt.Errorf("`go build` in %s failed: %w", build.Dir, err)
	}
	environment := []string{
		"PULUMI_PROJECT=" + req.GetProject(),
		"PULUMI_STACK=" + req.GetStack(),
		"PULUMI_ORGANIZATION=" + req.GetOrganization(),
		"PULUMI_ROOT_DIRECTORY=" + info.GetRootDirectory(),
		"PULUMI_DRY_RUN=" + strconv.FormatBool(req.GetDryRun()),
		"PULUMI_PARALLEL=" + strconv.Itoa(int(req.GetParallel())),
		"PULUMI_MONITOR=" + req.GetMonitorAddress(),
		"PULUMI_ENGINE=" + engine,
	}
	return append([]string{program}, req.GetArgs()...), environment, nil
}
