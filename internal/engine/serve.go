package engine

import (
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Server returns what serves the embedded engine to other processes as a ClickHouse server
// would be reached over HTTP, and the name and password it asks for. It is for tests of
// instances that share a store: the engine listens on nothing that others reach by itself.
func (e *Engine) Server() (handler http.Handler, user, password string, err error) {
	if e.sup == nil {
		return nil, "", "", errors.New("store: a cluster is served by itself")
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	proxy.Transport = e.sup.http.Transport
	return proxy, childUser, e.sup.cfg.Secret, nil
}
