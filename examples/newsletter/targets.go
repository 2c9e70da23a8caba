package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// A target is a relay that -addr names.
type target struct {
	addr   string
	weight int // its share, in proportion to the others'; 0: only if none of those is up
}

// maxTargetWeight is what package pool takes.
const maxTargetWeight = 1_000_000

// parseTargets reads the values of -addr, each of which may have several relays,
// parted by commas. One that is empty stands for the built-in sink.
func parseTargets(values []string) (targets []target, err error) {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return nil, nil
	}
	seen := map[string]bool{}
	weights := 0
	for _, s := range strings.Split(strings.Join(values, ","), ",") {
		t, name, err := parseTarget(s)
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("%s is listed twice", t.addr)
		}
		seen[name] = true
		targets = append(targets, t)
		weights += t.weight
	}
	if weights == 0 {
		return nil, errors.New("all weights are zero")
	}
	return targets, nil
}

// parseTarget reads host:port or host:port*weight. name is the same for the same
// relay: in lower case, and with the port as a number.
func parseTarget(s string) (t target, name string, err error) {
	addr, weight, weighed := strings.Cut(s, "*")
	t = target{addr: addr, weight: 1}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" || port == "" {
		return t, "", fmt.Errorf("%q is not of the form host:port", s)
	}
	n, err := net.LookupPort("tcp", port)
	if err != nil || n == 0 {
		return t, "", fmt.Errorf("%q is no port: a number from 1 to 65535, or a name such as submission", port)
	}
	if weighed {
		t.weight, err = strconv.Atoi(weight)
		if err != nil || t.weight < 0 || t.weight > maxTargetWeight {
			return t, "", fmt.Errorf("%q: the weight is no number from 0 to %d", s, maxTargetWeight)
		}
	}
	return t, net.JoinHostPort(strings.ToLower(host), strconv.Itoa(n)), nil
}
