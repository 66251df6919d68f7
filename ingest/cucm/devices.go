package cucm

import (
	"bytes"
	"net/netip"
	"strings"
)

// Classes of devices, as in the usage records.
const (
	deviceDesk    = "desk_phone"
	deviceDesktop = "jabber_desktop"
	deviceIPhone  = "jabber_iphone"
	deviceAndroid = "jabber_android"
	deviceTablet  = "jabber_tablet"
	deviceGateway = "gateway"
	deviceOther   = "other"
)

// devices tells a device's class by its name. The names themselves go no further.
type devices struct {
	gateways []string // beginnings in capitals
}

func newDevices(gateways []string) devices {
	if gateways == nil {
		gateways = []string{"GW", "GATEWAY", "SIP", "TRUNK", "ICT", "H323", "SBC", "CUBE", "VG", "MGCP", "PSTN"}
	}
	d := devices{}
	for _, g := range gateways {
		d.gateways = append(d.gateways, strings.ToUpper(g))
	}
	return d
}

// class returns the class of a device name; empty for no name.
func (d devices) class(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	if len(name) > 3 {
		switch string(bytes.ToUpper(name[:3])) {
		case "SEP":
			if hexadecimal(name[3:]) {
				return deviceDesk
			}
		case "CSF":
			return deviceDesktop
		case "TCT":
			return deviceIPhone
		case "BOT":
			return deviceAndroid
		case "TAB":
			return deviceTablet
		}
	}
	if bytes.ContainsAny(name, "/@") {
		return deviceGateway
	}
	upper := strings.ToUpper(string(name))
	for _, g := range d.gateways {
		if strings.HasPrefix(upper, g) {
			return deviceGateway
		}
	}
	if _, err := netip.ParseAddr(string(name)); err == nil {
		return deviceGateway // H.323 gateways are named by their address
	}
	return deviceOther
}

func hexadecimal(b []byte) bool {
	for _, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return len(b) == 12
}

// own tells whether a device of the class belongs to one of the organisation's lines.
func own(class string) bool {
	switch class {
	case deviceDesk, deviceDesktop, deviceIPhone, deviceAndroid, deviceTablet:
		return true
	}
	return false
}
