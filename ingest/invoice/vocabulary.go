package invoice

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode"

	"linesman/ingest"
	"linesman/schema"
	"linesman/schema/personnummer"
)

// Namespaces (UBL 2.1; OIOUBL 2.02; UN/CEFACT SBDH 1.3; Svefaktura 1.0).
const (
	nsUBL        = "urn:oasis:names:specification:ubl:schema:xsd:"
	nsOIOUBL     = "urn:oioubl:names:specification:oioubl:schema:xsd:"
	nsHeader     = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
	nsSvefaktura = "urn:sfti:documents:"
)

// Roots.
const (
	rootInvoice = "Invoice"
	rootCredit  = "CreditNote"
	rootUtility = "UtilityStatement"
)

// known tells whether an element is the root of a document that is read.
func known(n xml.Name) bool { return rootReason(n) == "" }

// rootReason says why a document with this root is not read; empty: it is.
func rootReason(n xml.Name) string {
	switch n.Space + " " + n.Local {
	case nsUBL + "Invoice-2 " + rootInvoice, nsUBL + "CreditNote-2 " + rootCredit,
		nsUBL + "UtilityStatement-2 " + rootUtility, nsOIOUBL + "UtilityStatement-2 " + rootUtility:
		return ""
	}
	if strings.HasPrefix(n.Space, nsSvefaktura) {
		return "the document is a Svefaktura, which is no longer in use and is not read: ask the supplier for Peppol BIS Billing 3, or load the supplier's itemised file with the collector itemised"
	}
	space := "no namespace"
	if n.Space != "" {
		space = "the namespace " + clip(ingest.MaskName(n.Space), 120)
	}
	return fmt.Sprintf("the document is %s of %s; read are Invoice and CreditNote of UBL 2.1 (%sInvoice-2 and %[3]sCreditNote-2) and UtilityStatement of OIOUBL 2", clip(ingest.MaskName(n.Local), 60), space, nsUBL)
}

// kept lists the elements that are used; what is below another one is read past.
func kept() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`
		CustomizationID ProfileID ID IssueDate DueDate InvoiceTypeCode CreditNoteTypeCode DocumentCurrencyCode TaxCurrencyCode TaxPointDate
		BuyerReference AccountingCost AccountingCostCode InvoicePeriod StartDate EndDate BillingReference InvoiceDocumentReference CreditNoteDocumentReference
		ContractDocumentReference AdditionalDocumentReference ParentDocumentReference DocumentTypeCode DocumentType Attachment EmbeddedDocumentBinaryObject
		AccountingSupplierParty SenderParty UtilitySupplierParty Party EndpointID PartyIdentification PartyName Name PartyTaxScheme CompanyID
		PartyLegalEntity RegistrationName PaymentMeans PaymentDueDate PaymentExchangeRate PricingExchangeRate TaxExchangeRate SourceCurrencyCode
		TargetCurrencyCode CalculationRate MathematicOperatorCode Date SourceCurrencyBaseRate TargetCurrencyBaseRate
		TaxTotal TaxAmount TaxSubtotal TaxableAmount TaxCategory Percent LegalMonetaryTotal LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount
		AllowanceTotalAmount ChargeTotalAmount PrepaidAmount PayableRoundingAmount PayableAmount AllowanceCharge ChargeIndicator Amount
		InvoiceLine CreditNoteLine Note InvoicedQuantity CreditedQuantity DocumentReference Item Description SellersItemIdentification
		CommodityClassification ItemClassificationCode ClassifiedTaxCategory AdditionalItemProperty Value Price PriceAmount BaseQuantity
		UtilityStatementTypeCode SubscriberConsumption ConsumptionID SpecificationTypeCode Consumption SupplierConsumption ConsumptionLine MainPeriod Period UtilityItem
		SubscriberID TelecommunicationsSupply TelecommunicationsSupplyType TelecommunicationsSupplyTypeCode TotalAmount TelecommunicationsSupplyLine SupplyLine
		PhoneNumber TelecommunicationsService CallDate CallTime ServiceNumberCalled TelecommunicationsServiceCategory
		TelecommunicationsServiceCategoryCode CategoryCode TelecommunicationsServiceCall TelecommunicationsServiceCallCode CallCode
		RoamingPartnerName PayPerView Quantity CallBaseAmount CallExtensionAmount Country IdentificationCode`) {
		m[s] = true
	}
	return m
}

// unscanned tells elements whose digits are no text: telephone numbers, amounts, accounts,
// payment references (which have the check digit of a person's number), dates.
func unscanned(name string) bool {
	switch name {
	case "Telephone", "Telefax", "PhoneNumber", "ServiceNumberCalled", "PaymentID", "InstructionID", "ItemClassificationCode", "Percent", "UUID", embedded:
		return true
	}
	for _, end := range []string{"Date", "Time", "Amount", "Quantity", "Numeric", "Rate"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// isID tells elements with numbers of documents, lines and things.
func isID(name string) bool { return name == "ID" || name == "LineID" || name == "SalesOrderID" }

// personal tells whether a text holds a personnummer. Ten digits without a separator may as
// well be a telephone number, where they begin with 0, or the number of a document, in an id.
func personal(text string, id bool) bool {
	if !personnummer.Contains(text) {
		return false
	}
	b := []byte(text)
	for i := 0; i < len(b); {
		if !isDigit(b[i]) {
			i++
			continue
		}
		end := i
		for end < len(b) && isDigit(b[end]) {
			end++
		}
		if end-i == 10 && (id || b[i] == '0') {
			for k := i; k < end; k++ {
				b[k] = 'x'
			}
		}
		i = end
	}
	return personnummer.Contains(string(b))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Services of invoice lines beyond those of usage.
const (
	serviceRebate    = "rebate"
	serviceEquipment = "equipment"
	serviceOther     = "other"
)

// vocabulary tells by the words of an item what it is.
type vocabulary struct {
	services  []serviceWords
	telephony []string
	units     map[string]string // UN/ECE Recommendation 20 code to service
}

// serviceWords are words of a service. ^word begins a word of the text, =word is one, and any
// other stands anywhere: Swedish and Danish put words together.
type serviceWords struct {
	service string
	words   []string
}

// newVocabulary holds the table of docs/invoices.md. The first service with a word wins.
func newVocabulary() *vocabulary {
	w := func(service, words string) serviceWords {
		return serviceWords{service, strings.Split(words, ",")}
	}
	return &vocabulary{
		services: []serviceWords{
			w(schema.ServiceCredit, "kredit,^credit,återbetal,tilbagebetal,^refund"),
			w(serviceRebate, "rabat,^discount,^rebate"),
			w(schema.ServiceOneTime, "engångs,engangs,startavgift,inträdesavgift,anslutningsavgift,uppläggningsavgift,expeditionsavgift,oprettelse,one-time,one time,^activation,^setup,set-up"),
			w(serviceOther, "fakturaavgift,faktureringsavgift,fakturagebyr,påminnelse,dröjsmål,^invoice fee,=porto,^frakt"),
			w(serviceEquipment, "telefonapparat,^iphone,^headset,^router,hårdvara,^hardware,utrustning,^udstyr,^equipment,delbetalning,^handset"),
			w(schema.ServiceSubscription, "abonnemang,abonnement,^subscription,månadsavgift,månadspris,fast avgift,periodavgift,månedsafgift,^monthly,^licens,^license"),
			w(schema.ServicePremium, "betaltjänst,betalsamtal,betalnummer,betal-sms,^premium,overtakser,indholdstakser,=0900,=0939,=0944"),
			w(schema.ServiceMMS, "=mms,mms-"),
			w(schema.ServiceSMS, "=sms,sms-,textmeddelande,^sms:"),
			w(schema.ServiceData, "=data,^data,mobildata,^surf,datatrafik,roamingdata,^internet,^bredband,=gprs,=gb,=mb"),
			w(schema.ServiceVoiceInRoaming, "mottagna samtal,mottaget samtal,modtagne opkald,modtaget opkald,incoming roaming,roaming incoming,received calls"),
			w(schema.ServiceVoiceOut, "samtal,^opkald,=call,=calls,^taltid,=tal,=tale,=voice,^ringning,telefoni,roaming,^minut"),
		},
		telephony: strings.Split("=sms,=mms,^samtal,samtalsavgift,mobilabonnemang,mobilabonnement,telefonabonnemang,telefonabonnement,telefoni,mobildata,roaming,taltid,talabonnemang,mobilsurf,"+
			"opkald,=voice,=calls,betalsamtal,betalnummer,mobile subscription,telephony,mobilt bredband,växeltjänst,mobilväxel,^datasim,m2m", ","),
		units: map[string]string{"MIN": schema.ServiceVoiceOut, "SEC": schema.ServiceVoiceOut, "4L": schema.ServiceData, "E34": schema.ServiceData,
			"2P": schema.ServiceData, "AD": schema.ServiceData, "MON": schema.ServiceSubscription},
	}
}

// serviceOf tells the service of an item by its texts and then by the unit; empty: it cannot
// be told. Roaming turns no service into another but that of incoming calls.
func (v *vocabulary) serviceOf(unit string, texts ...string) string {
	for _, text := range texts {
		words := normalWords(text)
		for _, s := range v.services {
			if s.service == schema.ServiceSubscription && traffic(v.units[unit]) {
				continue // minutes of another subscription's calls are calls
			}
			if holds(words, s.words) {
				return s.service
			}
		}
	}
	return v.units[unit]
}

func traffic(service string) bool {
	return service == schema.ServiceVoiceOut || service == schema.ServiceData
}

// isTelephony tells whether texts or the unit are of telephony.
func (v *vocabulary) isTelephony(unit string, texts ...string) bool {
	if v.units[unit] == schema.ServiceData {
		return true
	}
	for _, text := range texts {
		if holds(normalWords(text), v.telephony) {
			return true
		}
	}
	return false
}

// normalWords writes a text in small letters with blanks around each word.
func normalWords(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	for _, r := range strings.ToLower(text) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != ':' {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteByte(' ')
	return b.String()
}

func holds(text string, words []string) bool {
	for _, w := range words {
		switch w[0] {
		case '=':
			if strings.Contains(text, " "+w[1:]+" ") {
				return true
			}
		case '^':
			if strings.Contains(text, " "+w[1:]) {
				return true
			}
		default:
			if strings.Contains(text, w) {
				return true
			}
		}
	}
	return false
}
