package packcases

import "linesman/schema"

// What makes one event another.

type change = func(u *schema.Usage)

func unanswered(u *schema.Usage)   { u.Answered, u.Outcome, u.DurationS = false, "no_answer", 0 }
func notForwarded(u *schema.Usage) { u.Forwarded, u.Service = false, schema.ServiceVoiceOut }
func incoming(u *schema.Usage)     { u.Direction, u.Service = schema.DirectionIn, schema.ServiceVoiceIn }
func outgoing(u *schema.Usage)     { u.Direction, u.Service = schema.DirectionOut, schema.ServiceVoiceOut }
func data(u *schema.Usage) {
	u.Kind, u.Service, u.VolumeBytes, u.Class, u.OtherClass = schema.KindData, schema.ServiceData, 5_000_000, "none", "none"
}
func message(u *schema.Usage)      { u.Kind, u.Service, u.Messages = schema.KindSMS, schema.ServiceSMS, 1 }
func fee(u *schema.Usage)          { u.Kind, u.Service = schema.KindFee, schema.ServiceSubscription }
func notPrivate(u *schema.Usage)   { u.Private = false }
func free(u *schema.Usage)         { u.Cost = 0 }
func inSweden(u *schema.Usage)     { u.VisitedCtry = "SE" }
func unknownPlace(u *schema.Usage) { u.VisitedCtry = "" }

func forwardedTo(class string, hash uint64) change {
	return func(u *schema.Usage) {
		u.Forwarded, u.Service, u.OtherClass, u.Class, u.OtherHash = true, schema.ServiceVoiceForward, class, class, hash
	}
}
func class(name string) change    { return func(u *schema.Usage) { u.Class, u.OtherClass = name, name } }
func role(name string) change     { return func(u *schema.Usage) { u.Role = name } }
func lineKind(name string) change { return func(u *schema.Usage) { u.LineKind = name } }
func device(name string) change   { return func(u *schema.Usage) { u.Device = name } }
func hash(h uint64) change        { return func(u *schema.Usage) { u.OtherHash = h } }
func costs(m schema.Money) change { return func(u *schema.Usage) { u.Cost = m } }
func lasts(seconds uint32) change { return func(u *schema.Usage) { u.DurationS = seconds } }
func rings(seconds uint32) change { return func(u *schema.Usage) { u.RingS = seconds } }
func bytes(n uint64) change       { return func(u *schema.Usage) { u.VolumeBytes = n } }
func in(country string) change    { return func(u *schema.Usage) { u.VisitedCtry = country } }
func to(country string) change    { return func(u *schema.Usage) { u.OtherCountry = country } }
func operator(name string) change { return func(u *schema.Usage) { u.Operator = name } }
func onDay(when string) change {
	return func(u *schema.Usage) { *u = moved(*u, when, int(u.OccurredAt/1000)%60) }
}

// all makes several changes.
func all(changes ...change) change {
	return func(u *schema.Usage) {
		for _, c := range changes {
			c(u)
		}
	}
}
