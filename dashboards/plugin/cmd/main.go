// Command gpx_linesman is the backend of Linesman's data source. Grafana starts it.
package main

import (
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"linesman/dashboards/plugin"
)

func main() {
	logger := plugin.Quiet(log.NewWithLevel(log.Info))
	backend.Logger = logger // the kit's own way to change what it logs with
	if err := datasource.Manage(plugin.ID, plugin.New, datasource.ManageOpts{}); err != nil {
		logger.Error("the data source ended", "error", err)
		os.Exit(1)
	}
}
