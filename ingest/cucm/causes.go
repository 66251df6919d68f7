package cucm

import "linesman/schema"

// reason is a redirect reason of CUCM.
type reason struct {
	name    string
	forward bool // the line itself sent the call on, by its settings or its user's choice
}

// reasons are the redirect reason codes of the Call Detail Records Administration Guide.
// Pickup, park, hunting, queueing, recording and monitoring move calls too, but nobody
// forwarded anything.
func reasons() map[uint32]reason {
	m := map[uint32]reason{
		1: {"busy", true}, 2: {"no_answer", true}, 4: {"transfer", false}, 5: {"pickup", false}, 7: {"park", false},
		8: {"park_pickup", false}, 9: {"cpe_out_of_order", false}, 10: {"forward", true}, 11: {"park_reversion", false},
		15: {"forward_all", true}, 18: {"deflection", false}, 34: {"blind_transfer", false}, 50: {"immediate_divert", true},
		66: {"alternate_party", true}, 82: {"forward_on_failure", true}, 98: {"conference", false}, 114: {"barge", false},
		129: {"aar", false}, 130: {"refer", false}, 146: {"replaces", false}, 162: {"redirection_3xx", true},
		177: {"sip_forward_busy", true}, 178: {"unregistered", true}, 207: {"follow_me", true}, 209: {"out_of_service", true},
		239: {"time_of_day", true}, 242: {"do_not_disturb", true}, 257: {"unavailable", true}, 274: {"away", true},
		303: {"mobility_hand_in", false}, 319: {"mobility_hand_out", false}, 335: {"mobility_follow_me", false}, 351: {"mobility_redial", false},
		354: {"recording", false}, 370: {"monitoring", false}, 399: {"recording", false},
	}
	for code := uint32(786); code <= 850; code += 16 {
		m[code] = reason{"queue", false}
	}
	return m
}

// onBehalfOf codes that decide.
const (
	behalfForward    = 5
	behalfRecording  = 27
	behalfMonitoring = 28
	behalfQueueing   = 34
)

// Outcomes of a call.
const (
	outcomeAnswered = "answered"
	outcomeNoAnswer = "no_answer"
	outcomeBusy     = "busy"
	outcomeRejected = "rejected"
	outcomeFailed   = "failed"
)

// causeSplit is Cisco's own cause: the call was split off, by a transfer for example.
const causeSplit = 393216

// outcome says how an unanswered call ended, by its Q.850 cause. Without a cause, and with
// "normal clearing", the caller gave up.
func outcome(cause uint32) string {
	switch cause {
	case 0, 16, 18, 19, causeSplit:
		return outcomeNoAnswer
	case 17:
		return outcomeBusy
	case 21:
		return outcomeRejected
	}
	return outcomeFailed
}

// Direction and service of what is not forwarded.
func serviceOf(direction string) string {
	switch direction {
	case schema.DirectionIn:
		return schema.ServiceVoiceIn
	case schema.DirectionInternal:
		return schema.ServiceVoiceInternal
	}
	return schema.ServiceVoiceOut
}
