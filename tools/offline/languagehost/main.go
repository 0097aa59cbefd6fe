// A language host for the Pulumi engine, for programs of Node.js, Python or Go on machines that can't fetch the official ones:
// their own Go modules are not served by the module proxy. It does what running a program takes and, of Node.js, what a plugin
// takes that is installed from its source. To the rest (code generation, templates) it answers "unimplemented".
// https://github.com/pulumi/pulumi/blob/v3.259.0/proto/pulumi/language.proto
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// version is set by -ldflags to the version of the engine that this host is made for.
var version = "0.0.0"

// language is set by -ldflags, too: nodejs, python or go.
var language = "nodejs"

// atEnd is what the host does last.
var atEnd []func()

// An engine that was killed leaves its language host behind; without this check, the program would live on with it.
const engineCheckInterval = 2 * time.Second

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("the engine's address is missing: a language host is started by pulumi, with that address as its last argument"))
	}
	engine := os.Args[len(os.Args)-1]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := rpcutil.Healthcheck(ctx, engine, engineCheckInterval, cancel); err != nil {
		fail(fmt.Errorf("the engine at %s can't be watched: %w", engine, err))
	}

	programs := newPrograms(ctx)
	stop := make(chan bool)
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(s, &host{engine: engine, programs: programs})
			return nil
		},
	})
	if err != nil {
		fail(err)
	}
	// The engine reads the port from the first line; whatever follows on stdout is shown as the program's output.
	fmt.Println(server.Port)
	go func() {
		<-ctx.Done()
		programs.wait()
		close(stop)
	}()
	if err := <-server.Done; err != nil {
		fail(err)
	}
	for _, do := range atEnd {
		do()
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-language-"+language+":", err)
	os.Exit(1)
}
