// Package packcases holds the planted cases of the policy packs: for each rule usage that it
// must flag, usage that differs in one thing and must be left alone, and usage exactly at
// what the rule draws. It has tests only.
package packcases
