package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// health is the answer of GET /api/health.
type health struct {
	Version string `json:"version"`
	Healthy bool   `json:"healthy"`
	Lag     uint64 `json:"lag"`
	Hops    []hop  `json:"hops"`
}

type hop struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// CheckHealth walks from Grafana to the store and names the first hop that is broken: the
// settings, the address, the key, the log, the store, or the identity of the caller.
func (d *Datasource) CheckHealth(ctx context.Context, req *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	if d.fault != nil {
		return broken("%s", d.fault.Error())
	}
	h, err := d.health(ctx)
	if err != nil {
		return broken("%s", err.Error())
	}
	var wrong []string
	for _, hop := range h.Hops {
		if !hop.OK {
			wrong = append(wrong, fmt.Sprintf("%s (%s)", hop.Name, hop.Detail))
		}
	}
	switch {
	case len(wrong) > 0:
		return broken("Linesman %s answers, but is broken at: %s", h.Version, cut(strings.Join(wrong, "; ")))
	case !h.Healthy:
		return broken("Linesman %s answers, but is not healthy; run linesman doctor on its machine", h.Version)
	}
	note, err := d.identity(ctx, req)
	if err != nil {
		return broken("%s", err.Error())
	}
	message := fmt.Sprintf("Linesman %s answers and is healthy; %d records wait to be stored.", h.Version, h.Lag)
	if d.openWire() {
		message += " The connection is not encrypted: use https, or a network of its own."
	}
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: message + note}, nil
}

// health asks the server how it is. It needs the plugin's key and nobody's identity.
func (d *Datasource) health(ctx context.Context) (*health, error) {
	res, err := d.client.send(ctx, caller{}, http.MethodGet, []string{"api", "health"}, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK, http.StatusServiceUnavailable: // the latter when something is broken
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("key: Linesman refuses the key of the plugin; it must be access.grafana.key of its configuration (it says: %w)", refusal(res))
	default:
		return nil, fmt.Errorf("address: %w", refusal(res))
	}
	var h health
	if err := json.NewDecoder(http.MaxBytesReader(nil, res.Body, maxSmall)).Decode(&h); err != nil || h.Version == "" {
		return nil, fmt.Errorf("address: it answers, but not as Linesman does")
	}
	return &h, nil
}

// identity tries whether the server knows who asks. An administrator of Grafana need not have
// rights in Linesman, which is no fault.
func (d *Datasource) identity(ctx context.Context, req *backend.CheckHealthRequest) (note string, err error) {
	who, err := callerOf(req.PluginContext.User, single(req.Headers))
	if err != nil {
		return "", fmt.Errorf("identity: %w", err)
	}
	if who.kind != callerUser {
		return "", fmt.Errorf("identity: Grafana does not say who asks, and nobody will see anything; switch idForwarding on, as deploy/grafana/grafana.ini does")
	}
	_, err = d.client.ask(ctx, who, http.MethodGet, []string{"api", "datasources", "uid", "linesman", "resources", "options", "states"}, nil, nil, maxSmall)
	if err == nil {
		return "", nil
	}
	f := failureOf(err)
	switch f.status {
	case http.StatusForbidden:
		return " You yourself have no rights in Linesman.", nil
	case http.StatusUnauthorized:
		return "", fmt.Errorf("identity: Linesman does not accept who Grafana says you are; compare access.grafana.url, issuer and audience with this Grafana (it says: %w)", f)
	}
	return "", fmt.Errorf("identity: %w", f)
}

// openWire tells whether key and tokens cross a network unencrypted.
func (d *Datasource) openWire() bool {
	if d.client.base.Scheme == "https" {
		return false
	}
	host := d.client.base.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.IsLoopback()
	}
	return host != "localhost"
}

func broken(format string, args ...any) (*backend.CheckHealthResult, error) {
	return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: fmt.Sprintf(format, args...)}, nil
}
