package demo

import (
	"strconv"
	"strings"
)

// Columns of a CUCM call detail record in file order (Cisco Unified CM CDR Administration
// Guide), each with its type behind a slash: a number for VARCHAR(n), u for
// UNIQUEIDENTIFIER, none for INTEGER.
const cucmColumns = `cdrRecordType globalCallID_callManagerId globalCallID_callId origLegCallIdentifier
dateTimeOrigination origNodeId origSpan origIpAddr callingPartyNumber/50 callingPartyUnicodeLoginUserID/128
origCause_location origCause_value origPrecedenceLevel origMediaTransportAddress_IP
origMediaTransportAddress_Port origMediaCap_payloadCapability origMediaCap_maxFramesPerPacket
origMediaCap_g723BitRate origVideoCap_Codec origVideoCap_Bandwidth origVideoCap_Resolution
origVideoTransportAddress_IP origVideoTransportAddress_Port origRSVPAudioStat/64 origRSVPVideoStat/64
destLegIdentifier destNodeId destSpan destIpAddr originalCalledPartyNumber/50 finalCalledPartyNumber/50
finalCalledPartyUnicodeLoginUserID/128 destCause_location destCause_value destPrecedenceLevel
destMediaTransportAddress_IP destMediaTransportAddress_Port destMediaCap_payloadCapability
destMediaCap_maxFramesPerPacket destMediaCap_g723BitRate destVideoCap_Codec destVideoCap_Bandwidth
destVideoCap_Resolution destVideoTransportAddress_IP destVideoTransportAddress_Port destRSVPAudioStat/64
destRSVPVideoStat/64 dateTimeConnect dateTimeDisconnect lastRedirectDn/50 pkid/u
originalCalledPartyNumberPartition/50 callingPartyNumberPartition/50 finalCalledPartyNumberPartition/50
lastRedirectDnPartition/50 duration origDeviceName/129 destDeviceName/129 origCallTerminationOnBehalfOf
destCallTerminationOnBehalfOf origCalledPartyRedirectOnBehalfOf lastRedirectRedirectOnBehalfOf
origCalledPartyRedirectReason lastRedirectRedirectReason destConversationId globalCallId_ClusterID/50
joinOnBehalfOf comment/2048 authCodeDescription/50 authorizationLevel clientMatterCode/32 origDTMFMethod
destDTMFMethod callSecuredStatus origConversationId origMediaCap_Bandwidth destMediaCap_Bandwidth
authorizationCodeValue/32 outpulsedCallingPartyNumber/50 outpulsedCalledPartyNumber/50 origIpv4v6Addr/64
destIpv4v6Addr/64 origVideoCap_Codec_Channel2 origVideoCap_Bandwidth_Channel2
origVideoCap_Resolution_Channel2 origVideoTransportAddress_IP_Channel2
origVideoTransportAddress_Port_Channel2 origVideoChannel_Role_Channel2 destVideoCap_Codec_Channel2
destVideoCap_Bandwidth_Channel2 destVideoCap_Resolution_Channel2 destVideoTransportAddress_IP_Channel2
destVideoTransportAddress_Port_Channel2 destVideoChannel_Role_Channel2 IncomingProtocolID
IncomingProtocolCallRef/32 OutgoingProtocolID OutgoingProtocolCallRef/32 currentRoutingReason
origRoutingReason lastRedirectingRoutingReason huntPilotPartition/50 huntPilotDN/50
calledPartyPatternUsage IncomingICID/50 IncomingOrigIOI/50 IncomingTermIOI/50 OutgoingICID/50
OutgoingOrigIOI/50 OutgoingTermIOI/50 outpulsedOriginalCalledPartyNumber/50
outpulsedLastRedirectingNumber/50 wasCallQueued totalWaitTimeInQueue callingPartyNumber_uri/254
originalCalledPartyNumber_uri/254 finalCalledPartyNumber_uri/254 lastRedirectDn_uri/254
mobileCallingPartyNumber/50 finalMobileCalledPartyNumber/50 origMobileDeviceName/129
destMobileDeviceName/129 origMobileCallDuration destMobileCallDuration mobileCallType
originalCalledPartyPattern/50 finalCalledPartyPattern/50 lastRedirectingPartyPattern/50 huntPilotPattern/50`

// cucmNewer are the columns that later releases add.
const cucmNewer = ` origDeviceType/129 destDeviceType/129 origDeviceSessionID/50 destDeviceSessionID/50`

// The columns that differ from row to row; their order is that of the fields of cell.
const (
	cCallID = iota
	cOrigLeg
	cOrigination
	cOrigCause
	cDestLeg
	cDestCause
	cConnect
	cDisconnect
	cDuration
	cOrigBehalf
	cLastBehalf
	cOrigReason
	cLastReason
	cQueued
	cWait
	numCells // the cells up to here are numbers, those behind are text
)

const (
	cCalling = numCells + iota
	cCallingUser
	cOriginal
	cFinal
	cFinalUser
	cRedirect
	cPkid
	cOrigDevice
	cDestDevice
	cPilot
	cOutpulsed
	allCells
)

func cellNames() [allCells]string {
	return [allCells]string{"globalCallID_callId", "origLegCallIdentifier", "dateTimeOrigination", "origCause_value", "destLegIdentifier",
		"destCause_value", "dateTimeConnect", "dateTimeDisconnect", "duration", "origCalledPartyRedirectOnBehalfOf",
		"lastRedirectRedirectOnBehalfOf", "origCalledPartyRedirectReason", "lastRedirectRedirectReason", "wasCallQueued", "totalWaitTimeInQueue",
		"callingPartyNumber", "callingPartyUnicodeLoginUserID", "originalCalledPartyNumber", "finalCalledPartyNumber",
		"finalCalledPartyUnicodeLoginUserID", "lastRedirectDn", "pkid", "origDeviceName", "destDeviceName", "huntPilotDN", "outpulsedCalledPartyNumber"}
}

// cucmConstant is what the columns hold that do not differ here; others hold 0 or "".
func cucmConstant() map[string]string {
	return map[string]string{"cdrRecordType": "1", "globalCallID_callManagerId": "1", "origNodeId": "1", "destNodeId": "1",
		"origPrecedenceLevel": "4", "destPrecedenceLevel": "4", "origMediaCap_payloadCapability": "4", "destMediaCap_payloadCapability": "4",
		"origMediaCap_maxFramesPerPacket": "20", "destMediaCap_maxFramesPerPacket": "20", "globalCallId_ClusterID": "StandAloneCluster",
		"originalCalledPartyNumberPartition": "PT_INTERN", "finalCalledPartyNumberPartition": "PT_INTERN",
		"origDTMFMethod": "3", "destDTMFMethod": "3", "origMediaCap_Bandwidth": "64", "destMediaCap_Bandwidth": "64",
		"calledPartyPatternUsage": "2", "origRSVPAudioStat": "0", "destRSVPAudioStat": "0"}
}

// layout is a row of CUCM with holes: what stands before each hole is joined once.
type layout struct {
	header string
	types  string
	before [][]byte // text before each cell of the row, in file order
	cells  []int    // which cell comes there
	tail   []byte
	width  int
}

func newLayout(columns string) *layout {
	l := &layout{}
	place := map[string]int{}
	for i, name := range cellNames() {
		place[name] = i
	}
	constant := cucmConstant()
	var header, types []string
	var text []byte
	for i, field := range strings.Fields(columns) {
		name, kind, isText := strings.Cut(field, "/")
		header = append(header, `"`+name+`"`)
		switch {
		case !isText:
			types = append(types, "INTEGER")
		case kind == "u":
			types = append(types, "UNIQUEIDENTIFIER")
		default:
			types = append(types, "VARCHAR("+kind+")")
		}
		if i > 0 {
			text = append(text, ',')
		}
		quote := ""
		if isText {
			quote = `"`
		}
		text = append(text, quote...)
		if cell, ok := place[name]; ok {
			l.before, l.cells, text = append(l.before, text), append(l.cells, cell), nil
		} else if v, ok := constant[name]; ok || isText {
			text = append(text, v...)
		} else {
			text = append(text, '0')
		}
		text = append(text, quote...)
		l.width++
	}
	l.tail = append(text, '\n')
	l.header, l.types = strings.Join(header, ",")+"\n", strings.Join(types, ",")+"\n"
	return l
}

// row holds the cells of one row.
type row struct {
	num [numCells]int64
	str [allCells - numCells]string
}

func (l *layout) append(buf []byte, r *row) []byte {
	for i, cell := range l.cells {
		buf = append(buf, l.before[i]...)
		if cell < numCells {
			buf = strconv.AppendInt(buf, r.num[cell], 10)
			continue
		}
		buf = append(buf, r.str[cell-numCells]...)
	}
	return append(buf, l.tail...)
}
