package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// The SDK exits with this code when it has already shown the error to the user.
// https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/nodejs/cmd/run/index.ts
const exitedAfterShowingError = 32

// A program that is asked to end may still have to stop what its hooks began.
const graceAfterCancel = 5 * time.Second

// programs are those that run now: all of them end when the engine cancels or is gone.
type programs struct {
	base    context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func newPrograms(parent context.Context) *programs {
	base, cancel := context.WithCancel(parent)
	return &programs{base: base, cancel: cancel}
}

func (p *programs) context() context.Context { return p.base }

func (p *programs) wait() { p.running.Wait() }

func (p *programs) run(cmd *exec.Cmd) (*pulumirpc.RunResponse, error) {
	p.running.Add(1)
	defer p.running.Done()
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case p.base.Err() != nil:
		return nil, p.base.Err()
	case errors.As(err, &exit) && exit.ExitCode() == exitedAfterShowingError:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: "the program ended early: " + exit.String()}, nil
	default:
		return nil, fmt.Errorf("the program can't be started: %w", err)
	}
}

// programCommand is the runner of the program's SDK, told where engine and monitor listen.
func programCommand(ctx context.Context, engine string, req *pulumirpc.RunRequest) (*exec.Cmd, error) {
	config, err := configEnvironment(req)
	if err != nil {
		return nil, err
	}
	command, environment, err := runnerOf[language](ctx, engine, req)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = req.GetPwd()
	cmd.Env = append(os.Environ(), append(config, environment...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = graceAfterCancel
	return cmd, nil
}

// runnerOf are the command and the environment that run a program of a language.
var runnerOf = map[string]func(ctx context.Context, engine string, req *pulumirpc.RunRequest) ([]string, []string, error){
	"go":     goRunner,
	"nodejs": nodejsRunner,
	"python": pythonRunner,
}

func nodejsRunner(_ context.Context, engine string, req *pulumirpc.RunRequest) ([]string, []string, error) {
	info := req.GetInfo()
	runner, err := findUpwards(info.GetProgramDirectory(), filepath.Join("node_modules", "@pulumi", "pulumi", "cmd", "run"))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: run `npm ci` in the program's folder", err)
	}
	options := info.GetOptions().AsMap()
	command := append([]string{"node"}, strings.Fields(stringOption(options, "nodeargs"))...)
	command = append(command, runner)
	command = append(command, runnerFlags(engine, req)...)
	command = append(command, filepath.Join(info.GetProgramDirectory(), info.GetEntryPoint()))
	command = append(command, req.GetArgs()...)
	return command, []string{"PULUMI_NODEJS_TYPESCRIPT=" + strconv.FormatBool(options["typescript"] != false)}, nil
}

func runnerFlags(engine string, req *pulumirpc.RunRequest) []string {
	flags := []string{
		"--monitor", req.GetMonitorAddress(),
		"--engine", engine,
		"--organization", req.GetOrganization(),
		"--project", req.GetProject(),
		"--stack", req.GetStack(),
		"--root-directory", req.GetInfo().GetRootDirectory(),
		"--pwd", req.GetPwd(),
	}
	if req.GetParallel() > 0 {
		flags = append(flags, "--parallel", strconv.Itoa(int(req.GetParallel())))
	}
	if req.GetDryRun() {
		flags = append(flags, "--dry-run")
	}
	return flags
}

// configEnvironment is how the SDK receives its configuration: values in one variable, the names of secrets in another.
func configEnvironment(req *pulumirpc.RunRequest) ([]string, error) {
	config := req.GetConfig()
	if config == nil {
		config = map[string]string{}
	}
	secretKeys := req.GetConfigSecretKeys()
	if secretKeys == nil {
		secretKeys = []string{}
	}
	values, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("the configuration can't be written as JSON: %w", err)
	}
	keys, err := json.Marshal(secretKeys)
	if err != nil {
		return nil, fmt.Errorf("the names of secret configuration can't be written as JSON: %w", err)
	}
	return []string{"PULUMI_CONFIG=" + string(values), "PULUMI_CONFIG_SECRET_KEYS=" + string(keys)}, nil
}

func stringOption(options map[string]any, name string) string {
	value, _ := options[name].(string)
	return value
}
