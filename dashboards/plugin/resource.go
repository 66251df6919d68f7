package plugin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

const maxQuery = 2 << 10 // bytes of the parameters of a list of options

// CallResource answers with what pickers and the query editor choose from, and with nothing
// else: options/{name} and catalogue.
func (d *Datasource) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	raw, err := d.resource(ctx, req)
	status := http.StatusOK
	if err != nil {
		f := failureOf(err)
		status = f.status
		if raw, err = json.Marshal(map[string]string{"error": f.words, "message": f.words}); err != nil {
			return err
		}
	}
	return sender.Send(&backend.CallResourceResponse{Status: status, Headers: map[string][]string{"Content-Type": {"application/json; charset=utf-8"}}, Body: raw})
}

func (d *Datasource) resource(ctx context.Context, req *backend.CallResourceRequest) ([]byte, error) {
	if d.fault != nil {
		return nil, failed(http.StatusBadRequest, "%s", d.fault.Error())
	}
	path := strings.Trim(req.Path, "/")
	if ok, err := regexp.MatchString(`^(catalogue|options/[a-z][a-z_]{0,63})$`, path); err != nil || !ok {
		return nil, failed(http.StatusNotFound, "there is nothing at this address")
	}
	if req.Method != "" && req.Method != http.MethodGet {
		return nil, failed(http.StatusMethodNotAllowed, "lists of options can only be read")
	}
	who, err := callerOf(req.PluginContext.User, req.Headers)
	if err != nil {
		return nil, failed(http.StatusForbidden, "%s", err.Error())
	}
	asked, err := url.Parse(req.URL)
	if err != nil || len(asked.RawQuery) > maxQuery {
		return nil, failed(http.StatusBadRequest, "the parameters cannot be read")
	}
	query := asked.Query()
	if query.Get("lang") == "" && d.lang != "" {
		query.Set("lang", d.lang)
	}
	raw, err := d.client.ask(ctx, who, http.MethodGet, append([]string{"api", "datasources", "uid", "linesman", "resources"}, strings.Split(path, "/")...), query, nil, maxSmall)
	if err == nil && !json.Valid(raw) {
		err = failed(http.StatusBadGateway, "the address answers, but not as Linesman does")
	}
	return raw, err
}
