package query

// seriesColours are the colours of series side by side, by the names that Grafana and the console
// know, each in shades that suit light and dark pages. There is no green among them: beside orange
// and red many cannot tell it. Grafana's own series colours begin with it.
func seriesColours() []string {
	return []string{"blue", "orange", "purple", "light-blue", "red", "dark-purple", "yellow", "dark-blue", "light-orange", "gray"}
}

// colour is the colour of the n-th series, from 0, as frames carry it.
func colour(n int) map[string]any {
	all := seriesColours()
	return map[string]any{"mode": "fixed", "fixedColor": all[n%len(all)]}
}
