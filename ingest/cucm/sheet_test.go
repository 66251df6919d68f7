package cucm

import (
	"fmt"
	"strings"
)

// header is the header of a CUCM 12.5 record file, from the Call Detail Records
// Administration Guide; columns that do not matter here are numbered.
func header() []string {
	names := strings.Fields(`cdrRecordType globalCallID_callManagerId globalCallID_callId origLegCallIdentifier
		dateTimeOrigination origNodeId origSpan origIpAddr callingPartyNumber callingPartyUnicodeLoginUserID
		origCause_location origCause_value origPrecedenceLevel origMediaTransportAddress_IP origMediaTransportAddress_Port
		origMediaCap_payloadCapability origMediaCap_maxFramesPerPacket origMediaCap_g723BitRate origVideoCap_Codec
		origVideoCap_Bandwidth origVideoCap_Resolution origVideoTransportAddress_IP origVideoTransportAddress_Port
		origRSVPAudioStat origRSVPVideoStat destLegIdentifier destNodeId destSpan destIpAddr originalCalledPartyNumber
		finalCalledPartyNumber finalCalledPartyUnicodeLoginUserID destCause_location destCause_value destPrecedenceLevel
		destMediaTransportAddress_IP destMediaTransportAddress_Port destMediaCap_payloadCapability
		destMediaCap_maxFramesPerPacket destMediaCap_g723BitRate destVideoCap_Codec destVideoCap_Bandwidth
		destVideoCap_Resolution destVideoTransportAddress_IP destVideoTransportAddress_Port destRSVPAudioStat
		destRSVPVideoStat dateTimeConnect dateTimeDisconnect lastRedirectDn pkid originalCalledPartyNumberPartition
		callingPartyNumberPartition finalCalledPartyNumberPartition lastRedirectDnPartition duration origDeviceName
		destDeviceName origCallTerminationOnBehalfOf destCallTerminationOnBehalfOf origCalledPartyRedirectOnBehalfOf
		lastRedirectRedirectOnBehalfOf origCalledPartyRedirectReason lastRedirectRedirectReason destConversationId
		globalCallId_ClusterID joinOnBehalfOf comment authCodeDescription authorizationLevel clientMatterCode
		origDTMFMethod destDTMFMethod callSecuredStatus origConversationId origMediaCap_Bandwidth destMediaCap_Bandwidth
		authorizationCodeValue outpulsedCallingPartyNumber outpulsedCalledPartyNumber origIpv4v6Addr destIpv4v6Addr`)
	for i := len(names); i < 124; i++ {
		names = append(names, fmt.Sprintf("reserved%d", i))
	}
	return append(names, strings.Fields(`wasCallQueued totalWaitTimeInQueue mobileCallType huntPilotDN huntPilotPartition`)...)
}

// text columns are quoted in the rows, numbers are not.
func quoted(name string) bool {
	for _, part := range []string{"Number", "Name", "pkid", "Partition", "Cluster", "UserID", "comment", "Addr", "Dn", "DN", "Code", "_IP"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// call is the values of a row by column name.
type call map[string]string

// sheet writes a record file.
type sheet struct {
	columns []string
	b       strings.Builder
	rows    int
}

func newSheet(columns []string, types bool) *sheet {
	s := &sheet{columns: columns}
	s.b.WriteString(`"` + strings.Join(columns, `","`) + "\"\r\n")
	if types {
		kinds := make([]string, len(columns))
		for i, c := range columns {
			kinds[i] = "INTEGER"
			if quoted(c) {
				kinds[i] = "VARCHAR(50)"
			}
		}
		s.b.WriteString(strings.Join(kinds, ",") + "\r\n")
	}
	return s
}

// add writes an answered call of 95 s, with the given values instead of the usual ones.
func (s *sheet) add(c call) *sheet {
	s.rows++
	usual := call{
		"cdrRecordType": "1", "globalCallID_callManagerId": "1", "globalCallID_callId": fmt.Sprint(1000 + s.rows), "origLegCallIdentifier": fmt.Sprint(2000 + s.rows),
		"pkid":                fmt.Sprintf("5c2b0e0a-7a9e-4b5e-8a0e-%012x", s.rows),
		"dateTimeOrigination": "1773472500", "dateTimeConnect": "1773472508", "dateTimeDisconnect": "1773472603", "duration": "95",
		"origCause_value": "0", "destCause_value": "16", "globalCallId_ClusterID": "StandAloneCluster",
		"callingPartyUnicodeLoginUserID": "anna.andersson", "comment": `Anna said "hello"`, "origIpAddr": "-1139627840",
		"origDeviceName": "SEP0011223344AA", "destDeviceName": "SEP0011223344BB",
	}
	for i, name := range s.columns {
		v, ok := c[name]
		if !ok {
			v = usual[name]
		}
		if i > 0 {
			s.b.WriteByte(',')
		}
		switch {
		case quoted(name):
			s.b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
		case v == "":
			s.b.WriteByte('0')
		case v == "(empty)":
		default:
			s.b.WriteString(v)
		}
	}
	s.b.WriteString("\r\n")
	return s
}

func (s *sheet) String() string { return s.b.String() }
