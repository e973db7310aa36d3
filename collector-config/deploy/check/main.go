// Checks what deploys Sightline with the code that would read it: docker compose's
// own loader, and Prometheus Operator's own types, read strictly. Pins kustomize, too:
// `go build -o FOLDER/ . tool`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

const usage = `usage:
  deploycheck compose FILE    prints the project as JSON, as docker compose understands it
  deploycheck monitoring      reads one resource of monitoring.coreos.com/v1 from stdin`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 2 && arguments[0] == "compose":
		return compose(arguments[1])
	case len(arguments) == 1 && arguments[0] == "monitoring":
		return resource(os.Stdin)
	}
	return errors.New(usage)
}

func compose(file string) error {
	options, err := cli.NewProjectOptions([]string{file})
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	document, err := project.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(document)
	return err
}

func resource(input io.Reader) error {
	document, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	var named struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(document, &named); err != nil {
		return err
	}
	kinds := map[string]any{
		"PodMonitor":     &monitoring.PodMonitor{},
		"PrometheusRule": &monitoring.PrometheusRule{},
		"ServiceMonitor": &monitoring.ServiceMonitor{},
	}
	into, known := kinds[named.Kind]
	if !known || named.APIVersion != "monitoring.coreos.com/v1" {
		return fmt.Errorf("%s of %s is not known here", named.Kind, named.APIVersion)
	}
	return yaml.UnmarshalStrict(document, into)
}
