package phone

import "strings"

// plan is the Swedish numbering plan by the first three digits after the 0.
type plan [1000]span

// span is the class of the numbers behind three digits, and how long they may be (without
// the 0). An empty class: not in use.
type span struct {
	class             string
	shortest, longest uint8
}

// areas are the geographic area codes, without the 0. Those of two digits (and 08) may have
// seven digits in all, the others at least eight.
const areas = "8 11 13 16 21 23 26 31 33 35 36 40 42 44 46 60 63 " +
	"90 120 121 122 123 125 140 141 142 143 144 150 151 152 155 156 157 158 159 171 173 174 175 176 " +
	"220 221 222 223 224 225 226 227 240 241 243 246 247 248 250 251 253 258 270 271 278 280 281 290 291 292 293 294 295 297 " +
	"300 301 302 303 304 320 321 322 325 340 345 346 370 371 372 378 380 381 382 383 390 392 393 " +
	"410 411 413 414 415 416 417 418 430 431 433 435 451 454 455 456 457 459 470 471 472 474 476 477 478 479 " +
	"480 481 485 486 490 491 492 493 494 495 496 498 499 " +
	"500 501 502 503 504 505 506 510 511 512 513 514 515 520 521 522 523 524 525 526 528 530 531 532 533 534 " +
	"550 551 552 553 554 555 560 563 564 565 570 571 573 580 581 582 583 584 585 586 587 589 590 591 " +
	"611 612 613 620 621 622 623 624 640 642 643 644 645 647 650 651 652 653 657 660 661 662 663 670 671 672 680 682 684 687 690 691 692 693 695 696 " +
	"910 911 912 913 914 915 916 918 920 921 922 923 924 925 926 927 928 929 930 932 933 934 935 940 941 942 943 950 951 952 953 954 " +
	"960 961 970 971 973 975 976 977 978 980 981"

func newPlan() plan {
	var p plan
	for area := range strings.FieldsSeq(areas) {
		shortest := uint8(8)
		if len(area) < 3 {
			shortest = 7
		}
		p.set(area, Fixed, shortest, 9)
	}
	for _, prefix := range []string{"70", "72", "73", "76", "79"} {
		p.set(prefix, Mobile, 9, 9)
	}
	// 071: machines (0710, up to 13 digits with the 0) and other services of the mobile
	// networks (0719, which the metadata of phonenumbers lacks).
	p.set("71", Mobile, 9, 12)
	p.set("10", Corporate, 9, 9)
	p.set("20", TollFree, 6, 9)
	p.set("77", SharedCost, 9, 9) // all of 077: 0778 is missing in phonenumbers
	p.set("900", Premium, 6, 10)
	p.set("939", Premium, 6, 10)
	p.set("944", Premium, 6, 10)
	p.set("99", Premium, 6, 10) // missing in phonenumbers
	p.set("649", Premium, 9, 9)
	return p
}

// set claims all numbers behind a prefix of one to three digits.
func (p *plan) set(prefix, class string, shortest, longest uint8) {
	first, count := 0, 1
	for i := range 3 {
		first *= 10
		if i < len(prefix) {
			first += int(prefix[i] - '0')
		} else {
			count *= 10
		}
	}
	for i := first; i < first+count; i++ {
		p[i] = span{class, shortest, longest}
	}
}

// class looks a national number up; nsn has no leading 0.
func (p *plan) class(nsn string) (string, bool) {
	if len(nsn) < 6 {
		return "", false
	}
	s := p[int(nsn[0]-'0')*100+int(nsn[1]-'0')*10+int(nsn[2]-'0')]
	return s.class, s.class != "" && len(nsn) >= int(s.shortest) && len(nsn) <= int(s.longest)
}

// short recognises the short numbers that everybody in Sweden can dial. Pay SMS (72xxx) and
// free SMS (71xxx) exist in the mobile networks only: at an exchange they are extensions.
func (r *Reducer) short(d string) (Number, bool) {
	n := Number{Digits: d, Country: "SE", Mask: d}
	switch {
	case d == "112":
		n.Class = Emergency
	case d == "1177", d == "11313", d == "11414":
		n.Class = ShortCode
	case len(d) == 6 && strings.HasPrefix(d, "118"):
		n.Class = Directory
	case len(d) == 6 && strings.HasPrefix(d, "116"):
		// European help lines: which one somebody rang is nobody's business.
		n.Class, n.Mask = ShortCode, hide(d, 3)
	case len(d) == 5 && r.style != Exchange && strings.HasPrefix(d, "72"):
		n.Class = Premium
	case len(d) == 5 && r.style != Exchange && strings.HasPrefix(d, "71"):
		n.Class = ShortCode
	default:
		return Number{}, false
	}
	return n, true
}
