package console

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"linesman/dashboards/access"
	"linesman/dashboards/messages"
)

func newEntrance() (*template.Template, error) {
	t, err := template.New("login").Parse(entranceHTML)
	if err != nil {
		return nil, fmt.Errorf("reading the page for logging in: %w", err)
	}
	return t, nil
}

// handleLogin adds what is there for somebody who is not logged in.
func (s *Server) handleLogin(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", s.loginPage)
	mux.HandleFunc("POST /login", s.enter)
	mux.HandleFunc("GET /login/start", s.begin)
	mux.HandleFunc("GET /login/callback", s.finish)
	mux.HandleFunc("POST /logout", s.leave)
}

// entrance is what the page for logging in shows. It is a page without scripts, so that it works
// where the console itself does not.
type entrance struct {
	Lang, Title, Product, Intro, Problem string
	Token, Label, Button                 string // a form for the token, where Token is its action
	Start                                string // a link to the provider
	Leave                                string // a form to log out
	Other, OtherLang, OtherName          string // this page in the other language
}

const entranceHTML = `<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{.Title}} – {{.Product}}</title>
<link rel="icon" href="/flag.svg">
<style>
:root { color-scheme: light dark; --back: #f4f5f5; --card: #fff; --text: #1d2126; --quiet: #555c66; --line: #c9ced6; --mark: #12455f; --mark-text: #fff; --bad: #b0112b; }
@media (prefers-color-scheme: dark) { :root { --back: #111217; --card: #1d2026; --text: #e6e7ea; --quiet: #a5abb5; --line: #454b55; --mark: #8cc8e6; --mark-text: #0d1b24; --bad: #ff8896; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: min(28rem, 100% - 2rem); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
.bad { color: var(--bad); font-weight: 600; }
.quiet { color: var(--quiet); font-size: .9rem; margin: 1.5rem 0 0; }
label { display: block; font-weight: 600; margin-bottom: .25rem; }
input { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 5px; margin-bottom: 1rem; }
button, .button { display: inline-block; padding: .5rem 1rem; font: inherit; font-weight: 600; color: var(--mark-text); background: var(--mark); border: 0; border-radius: 5px; cursor: pointer; text-decoration: none; }
a { color: inherit; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
{{with .Problem}}<p class="bad" role="alert">{{.}}</p>{{end}}
<p>{{.Intro}}</p>
{{if .Token}}<form method="post" action="{{.Token}}">
<label for="token">{{.Label}}</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<button type="submit">{{.Button}}</button>
</form>{{end}}
{{with .Start}}<a class="button" href="{{.}}">{{$.Button}}</a>{{end}}
{{with .Leave}}<form method="post" action="{{.}}"><button type="submit">{{$.Button}}</button></form>{{end}}
<p class="quiet">{{.Product}} · <a href="{{.Other}}" lang="{{.OtherLang}}" hreflang="{{.OtherLang}}">{{.OtherName}}</a></p>
</main>
</body>
</html>
`

// entranceLang is the language of the page: what the address says, else what the browser prefers.
func entranceLang(r *http.Request) string {
	if text := r.URL.Query().Get("lang"); text != "" {
		return messages.Language(text)
	}
	return messages.Language(r.Header.Get("Accept-Language"))
}

// showEntrance sends the page for logging in, with what went wrong under a key of the messages.
func (s *Server) showEntrance(w http.ResponseWriter, r *http.Request, status int, problem string) {
	lang := entranceLang(r)
	t := s.deps.Messages.In(lang)
	next := access.Inside(r.URL.Query().Get("next"))
	way := s.deps.Gate.Login()
	at := func(path, lang string) string {
		return path + "?" + url.Values{"lang": {lang}, "next": {next}}.Encode()
	}
	page := entrance{Lang: lang, Title: t.T("login.title"), Product: "Linesman", Intro: t.T("login." + way), Label: t.T("login.label"), Button: t.T("login.button")}
	page.OtherLang, page.OtherName = messages.English, "English"
	if lang == messages.English {
		page.OtherLang, page.OtherName = messages.Swedish, "Svenska"
	}
	page.Other = at("/login", page.OtherLang)
	if problem != "" {
		page.Problem = t.T(problem)
	}
	switch {
	case problem == problemNoRights:
		page.Intro = t.T("login.norights.intro")
		if way == access.LoginOIDC {
			page.Leave, page.Button = "/logout", t.T("login.leave")
		}
	case way == access.LoginToken:
		page.Token = at("/login", lang)
	case way == access.LoginOIDC:
		page.Start = at("/login/start", lang)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	if err := s.entrance.Execute(w, page); err != nil {
		s.deps.Log.Debug("the page for logging in was not sent", "error", err)
	}
}

// Problems that the page tells of: keys of the messages.
const (
	problemToken    = "login.wrong"
	problemNoRights = "login.norights"
	problemForeign  = "login.foreign"
	problemTry      = "login.unavailable"
)

// loginPage takes the token of the link that linesman up prints, leads who is logged in on, and shows
// everybody else how to.
func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("token") {
		s.enterWith(w, r, r.URL.Query().Get("token"))
		return
	}
	_, err := s.deps.Gate.Identify(r)
	switch {
	case err == nil:
		http.Redirect(w, r, access.Inside(r.URL.Query().Get("next")), http.StatusSeeOther)
	case errors.Is(err, access.ErrNoRights):
		s.showEntrance(w, r, http.StatusForbidden, problemNoRights)
	case errors.Is(err, access.ErrUnavailable):
		s.showEntrance(w, r, http.StatusServiceUnavailable, problemTry)
	default:
		s.showEntrance(w, r, http.StatusOK, "")
	}
}

// enter takes the token of the form.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.showEntrance(w, r, http.StatusBadRequest, problemToken)
		return
	}
	s.enterWith(w, r, r.PostForm.Get("token"))
}

func (s *Server) enterWith(w http.ResponseWriter, r *http.Request, token string) {
	cookie, err := s.deps.Gate.Enter(r, token)
	switch {
	case errors.Is(err, access.ErrForeign):
		s.showEntrance(w, r, http.StatusUnauthorized, problemToken)
	case err != nil:
		s.deps.Log.Error("beginning a session", "error", err)
		s.showEntrance(w, r, http.StatusInternalServerError, problemTry)
	default:
		http.SetCookie(w, cookie)
		http.Redirect(w, r, access.Inside(r.URL.Query().Get("next")), http.StatusSeeOther)
	}
}

// begin leads to the provider of OpenID Connect.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) {
	to, cookie, err := s.deps.Gate.Begin(r, r.URL.Query().Get("next"))
	switch {
	case errors.Is(err, access.ErrNobody): // there is no provider
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	case err != nil:
		s.deps.Log.Warn("a login could not be begun", "error", err)
		s.showEntrance(w, r, http.StatusServiceUnavailable, problemTry)
	default:
		http.SetCookie(w, cookie)
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

// finish is where the provider leads back to.
func (s *Server) finish(w http.ResponseWriter, r *http.Request) {
	next, cookies, err := s.deps.Gate.Finish(r)
	if err != nil {
		s.deps.Log.Warn("a login was not finished", "error", err)
		status, problem := http.StatusUnauthorized, problemForeign
		if errors.Is(err, access.ErrUnavailable) {
			status, problem = http.StatusServiceUnavailable, problemTry
		}
		s.showEntrance(w, r, status, problem)
		return
	}
	for _, c := range cookies {
		http.SetCookie(w, c)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// leave ends the session.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	if c := s.deps.Gate.Leave(r); c != nil {
		http.SetCookie(w, c)
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
