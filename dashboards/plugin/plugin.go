// Package plugin is the backend of Linesman's data source for Grafana. It is thin on purpose:
// it hands each query, together with the identity that Grafana signed, to the server of
// `linesman up` and hands the answer back. Who may see what is decided there and nowhere else.
package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
)

// ID is the id of the plugin, as in its plugin.json.
const ID = "linesman-datasource"

// How long the server may take. Its own limit for a query is a minute.
const (
	usualTimeout = 65 * time.Second
	mostTimeout  = 10 * time.Minute
)

// Settings are what an administrator of Grafana configures for a data source.
type Settings struct {
	URL     string `json:"url"`     // of the server of linesman, such as https://linesman.example
	Lang    string `json:"lang"`    // en or sv: the language of queries that name none, as those of alert rules
	Timeout int    `json:"timeout"` // seconds that the server may take; 0: 65
}

// keyName is the name of the plugin's own key among the encrypted settings.
const keyName = "key"

// Datasource answers for one configured data source. It is safe for concurrent use.
type Datasource struct {
	client *client
	lang   string
	fault  error // what is wrong with the settings; every answer says so

	mu    sync.Mutex
	seats map[string]caller // path of a stream -> the last one whom the server let in
}

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ backend.StreamHandler         = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// New makes a data source from its settings. Settings that are wrong are no error here, since
// Grafana would show that as an internal one: the health check and every answer name them.
func New(_ context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	d := &Datasource{seats: map[string]caller{}}
	set, base, err := settings(s)
	if err != nil {
		d.fault = err
		return d, nil
	}
	d.lang = set.Lang
	timeout := usualTimeout
	if set.Timeout > 0 {
		timeout = min(time.Duration(set.Timeout)*time.Second, mostTimeout)
	}
	d.client = newClient(base, s.DecryptedSecureJSONData[keyName], timeout)
	return d, nil
}

// errSettings are the settings that nothing can be asked with.
var (
	errNoURL = errors.New("settings: the address of Linesman is missing")
	errURL   = errors.New("settings: the address of Linesman must be http:// or https:// and a host, without a user, a query or a fragment")
	errNoKey = errors.New("settings: the key of the plugin is missing; it is access.grafana.key of Linesman's configuration")
	errKey   = errors.New("settings: the key of the plugin holds characters that no key has")
)

func settings(s backend.DataSourceInstanceSettings) (set Settings, base *url.URL, err error) {
	if len(s.JSONData) > 0 {
		if err := json.Unmarshal(s.JSONData, &set); err != nil {
			return set, nil, fmt.Errorf("settings: they cannot be read: %w", err)
		}
	}
	if set.URL == "" {
		return set, nil, errNoURL
	}
	base, err = url.Parse(strings.TrimRight(strings.TrimSpace(set.URL), "/"))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return set, nil, errURL // the cause would repeat what was typed, perhaps with a password
	}
	key := s.DecryptedSecureJSONData[keyName]
	if key == "" {
		return set, nil, errNoKey
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return set, nil, errKey
	}
	return set, base, nil
}

// Dispose lets go of what the data source held, after its settings were changed.
func (d *Datasource) Dispose() {
	if d.client != nil {
		d.client.http.CloseIdleConnections()
	}
}
