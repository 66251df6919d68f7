package httpd

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Codes of the engine that this interface raises itself.
const (
	codeCannotRead     = 33  // CANNOT_READ_ALL_DATA
	codeNotSupported   = 48  // NOT_IMPLEMENTED
	codeSyntax         = 62  // SYNTAX_ERROR
	codeAccessDenied   = 497 // ACCESS_DENIED
	codeAuthFailed     = 516 // AUTHENTICATION_FAILED
	codeStdException   = 1001
	codeUnknownTable   = 60
	codeUnknownDB      = 81
	codeReadonly       = 164
	codeTimeout        = 159
	codeTooManyQueries = 202
)

var exceptionNames = map[int]string{codeCannotRead: "CANNOT_READ_ALL_DATA", codeNotSupported: "NOT_IMPLEMENTED", codeSyntax: "SYNTAX_ERROR",
	codeAccessDenied: "ACCESS_DENIED", codeAuthFailed: "AUTHENTICATION_FAILED"}

// exception is an error with a ClickHouse code; its text has the form clients parse.
type exception struct {
	code int
	text string
}

func newException(code int, format string, args ...any) *exception {
	return &exception{code, fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), exceptionNames[code])}
}

func (e *exception) Error() string { return e.text }

var codePattern = regexp.MustCompile(`^Code: (\d+)\.`)

// asException gives any error a code; errors of the engine carry theirs in the text.
func asException(err error) *exception {
	if e, ok := err.(*exception); ok {
		return e
	}
	text := strings.TrimRight(err.Error(), "\n")
	if m := codePattern.FindStringSubmatch(text); m != nil {
		if code, err := strconv.Atoi(m[1]); err == nil {
			return &exception{code, text}
		}
	}
	return &exception{codeStdException, fmt.Sprintf("Code: %d. DB::Exception: %s. (STD_EXCEPTION)", codeStdException, text)}
}

// status is the HTTP status ClickHouse answers with for the code.
func (e *exception) status() int {
	switch e.code {
	case codeUnknownTable, codeUnknownDB, 46, 47, 115: // unknown function, identifier, setting
		return http.StatusNotFound
	case codeSyntax, 6, 26, 27, 36, 44, 53, 70: // parse and type errors
		return http.StatusBadRequest
	case codeAccessDenied, codeReadonly, codeAuthFailed, 194:
		return http.StatusForbidden
	case codeTooManyQueries:
		return http.StatusServiceUnavailable
	case codeTimeout:
		return http.StatusRequestTimeout
	case codeNotSupported:
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}
