package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/bench/sender"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// A sinkProcess is a sink that runs in a process of its own.
type sinkProcess struct {
	cmd    *exec.Cmd
	stdin  io.Closer // what it waits for the end of
	stdout *bufio.Reader
	stderr bytes.Buffer
	addr   string
}

// startSink starts a sink. It is killed when ctx ends.
func (b *bench) startSink(ctx context.Context, c sink.Config) (*sinkProcess, error) {
	p := &sinkProcess{cmd: exec.CommandContext(ctx, b.self, sinkArgs(c)...)}
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdin, p.stdout = stdin, bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		_, _, err := p.stop()
		return nil, fmt.Errorf("the sink does not start: %w", err)
	}
	p.addr = strings.TrimSpace(line)
	return p, nil
}

// stop ends the sink and returns what it has counted and the CPU time that it
// has used.
func (p *sinkProcess) stop() (counts sink.Counts, cpu time.Duration, err error) {
	_ = p.stdin.Close() // ends it; an error would say that it has ended before
	data, err := io.ReadAll(p.stdout)
	if err == nil {
		err = json.Unmarshal(data, &counts)
	}
	if e := p.cmd.Wait(); e != nil {
		err = fmt.Errorf("sink: %w: %s", e, lastLine(p.stderr.Bytes()))
	}
	return counts, cpuOf(p.cmd), err
}

// send runs a sender in a process of its own. It is killed when ctx ends.
func (b *bench) send(ctx context.Context, s *sending) (r sender.Result, cpu time.Duration, err error) {
	out, cpu, err := execute(ctx, append([]string{b.self}, s.args()...))
	if err != nil {
		return r, cpu, err
	}
	return r, cpu, json.Unmarshal(out, &r)
}

// execute runs a command and returns its output and the CPU time it has used.
func execute(ctx context.Context, command []string) ([]byte, time.Duration, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		err = fmt.Errorf("sender: %w: %s", err, lastLine(errs.Bytes()))
	}
	return out.Bytes(), cpuOf(cmd), err
}

func cpuOf(cmd *exec.Cmd) time.Duration {
	if cmd.ProcessState == nil {
		return 0
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// lastLine is what of a process's complaints goes into an error.
func lastLine(b []byte) []byte {
	b = bytes.TrimSpace(b)
	return b[bytes.LastIndexByte(b, '\n')+1:]
}
