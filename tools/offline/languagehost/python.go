package main

import (
	"context"
	_ "embed"
	"path/filepath"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// pythonProgram runs a program with the SDK that is in its virtual environment.
//
//go:embed run.py
var pythonProgram string

// pythonRunner is the interpreter of the project's virtual environment, which its option `virtualenv` names.
func pythonRunner(_ context.Context, engine string, req *pulumirpc.RunRequest) ([]string, []string, error) {
	info := req.GetInfo()
	python := "python3"
	if folder := stringOption(info.GetOptions().AsMap(), "virtualenv"); folder != "" {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(info.GetRootDirectory(), folder)
		}
		python = filepath.Join(folder, "bin", "python")
	}
	command := append([]string{python, "-u", "-c", pythonProgram}, runnerFlags(engine, req)...)
	command = append(command, filepath.Join(info.GetProgramDirectory(), info.GetEntryPoint()))
	return append(command, req.GetArgs()...), nil, nil
}
