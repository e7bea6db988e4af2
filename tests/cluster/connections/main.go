// Evaluates NetworkPolicies with cyclonus, independently of Terrace's own computation: standard input has `policies` and
// `traffic`, standard output says for each traffic whether the policies allow it.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	networking "k8s.io/api/networking/v1"
)

type input struct {
	Policies []*networking.NetworkPolicy `json:"policies"`
	Traffic  []*matcher.Traffic          `json:"traffic"`
}

func main() {
	var given input
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	policy := matcher.BuildNetworkPolicies(false, given.Policies)
	allowed := make([]bool, 0, len(given.Traffic))
	for _, traffic := range given.Traffic {
		allowed = append(allowed, policy.IsTrafficAllowed(traffic).IsAllowed())
	}
	if err := json.NewEncoder(os.Stdout).Encode(allowed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
