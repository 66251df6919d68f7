package schema

// Kinds of invoice documents.
const (
	InvoiceKind    = "invoice"
	CreditNoteKind = "credit_note"
)

// Invoice is one document of a supplier: an invoice or a credit note. Amounts are signed as
// costs: those of a credit note are negative where it gives money back, as those of a negative
// invoice are.
type Invoice struct {
	EventID        ID
	InvoiceID      ID
	Kind           string
	Format         string
	Operator       string
	SupplierID     string
	SupplierName   string
	Number         string
	Issued         Day
	Due            Day
	PeriodFrom     Day
	PeriodTo       Day
	Currency       string
	ExchangeRate   Money
	ExchangeDay    Day
	Corrects       string
	BuyerReference string
	AccountingCost string
	Contract       string
	LineID         string
	LineMask       string
	LineTotal      Money
	Allowances     Money
	Charges        Money
	Net            Money
	VAT            Money
	Gross          Money
	Prepaid        Money
	Rounding       Money
	Payable        Money
	Lines          uint32
	Attachments    uint32
	FileID         ID
	FileRow        uint64
	RecordedAt     Time
	Offset         uint64
}

// InvoiceTable declares the invoices table.
func InvoiceTable() *Table[Invoice] {
	return &Table[Invoice]{
		Name: "invoices", Record: "Invoice", Topic: TopicInvoices, Key: "invoice id",
		Meaning: "Invoices and credit notes of telephony suppliers, with the sums that they state themselves.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "invoice_id, event_id",
		Columns: []Column[Invoice]{
			{1, "event_id", TypeID, "", "SHA-256 over the document's identity and its content: the same document is the same event, another one with the same number is another.", "", func(i *Invoice) any { return &i.EventID }, false},
			{2, "invoice_id", TypeID, "", "SHA-256 over supplier, kind and number.", "", func(i *Invoice) any { return &i.InvoiceID }, false},
			{3, "kind", TypeSymbol, "", "invoice or credit_note.", "", func(i *Invoice) any { return &i.Kind }, false},
			{4, "format", TypeSymbol, "", "peppol_bis3 or oioubl_utility.", "", func(i *Invoice) any { return &i.Format }, false},
			{5, "operator", TypeSymbol, "", "The supplier as lines and price books name the operator; its name where the configuration names none.", "", func(i *Invoice) any { return &i.Operator }, false},
			{6, "supplier_id", TypeSymbol, "", "Organisation number of the supplier, or its electronic address.", "", func(i *Invoice) any { return &i.SupplierID }, false},
			{7, "supplier_name", TypeSymbol, "", "Name of the supplier.", "", func(i *Invoice) any { return &i.SupplierName }, false},
			{8, "number", TypeText, "", "Number of the document.", "", func(i *Invoice) any { return &i.Number }, false},
			{9, "issued", TypeDay, "", "Day of issue.", "", func(i *Invoice) any { return &i.Issued }, false},
			{10, "due", TypeDay, "", "Day of payment; 1970-01-01: not told.", "", func(i *Invoice) any { return &i.Due }, false},
			{11, "period_from", TypeDay, "", "First day it is about; 1970-01-01: not told.", "", func(i *Invoice) any { return &i.PeriodFrom }, false},
			{12, "period_to", TypeDay, "", "Last day it is about; 1970-01-01: not told.", "", func(i *Invoice) any { return &i.PeriodTo }, false},
			{13, "currency", TypeSymbol, "", "ISO 4217 code of every amount.", "", func(i *Invoice) any { return &i.Currency }, false},
			{14, "exchange_rate", TypeMoney, "SEK", "What the document says one unit of the currency is worth; 0: it says nothing.", "", func(i *Invoice) any { return &i.ExchangeRate }, false},
			{15, "exchange_day", TypeDay, "", "Day of the exchange rate; 1970-01-01: none.", "", func(i *Invoice) any { return &i.ExchangeDay }, false},
			{16, "corrects", TypeText, "", "Number of the document that it corrects; empty: none.", "", func(i *Invoice) any { return &i.Corrects }, false},
			{17, "buyer_reference", TypeText, "", "The buyer's reference, digits that look like a person's number masked.", "masked", func(i *Invoice) any { return &i.BuyerReference }, false},
			{18, "accounting_cost", TypeText, "", "The buyer's accounting string, masked in the same way.", "masked", func(i *Invoice) any { return &i.AccountingCost }, false},
			{19, "contract", TypeText, "", "Number of the contract.", "", func(i *Invoice) any { return &i.Contract }, false},
			{20, "line_id", TypeText, "", "Subscription that the whole document is about; empty: several, or not told.", "keyed hash of the number", func(i *Invoice) any { return &i.LineID }, false},
			{21, "line_mask", TypeText, "", "Its number with the last digits dropped.", "last digits dropped at the collector", func(i *Invoice) any { return &i.LineMask }, false},
			{22, "line_total", TypeMoney, "currency", "Stated sum of the lines.", "", func(i *Invoice) any { return &i.LineTotal }, false},
			{23, "allowances", TypeMoney, "currency", "Stated sum of rebates on the whole document.", "", func(i *Invoice) any { return &i.Allowances }, false},
			{24, "charges", TypeMoney, "currency", "Stated sum of charges on the whole document.", "", func(i *Invoice) any { return &i.Charges }, false},
			{25, "net", TypeMoney, "currency", "Stated amount excluding VAT.", "", func(i *Invoice) any { return &i.Net }, false},
			{26, "vat", TypeMoney, "currency", "Stated VAT.", "", func(i *Invoice) any { return &i.VAT }, false},
			{27, "gross", TypeMoney, "currency", "Stated amount including VAT.", "", func(i *Invoice) any { return &i.Gross }, false},
			{28, "prepaid", TypeMoney, "currency", "Stated amount paid before.", "", func(i *Invoice) any { return &i.Prepaid }, false},
			{29, "rounding", TypeMoney, "currency", "Stated rounding of the payable amount.", "", func(i *Invoice) any { return &i.Rounding }, false},
			{30, "payable", TypeMoney, "currency", "Stated amount to pay.", "", func(i *Invoice) any { return &i.Payable }, false},
			{31, "lines", TypeUint32, "", "Lines in the document.", "", func(i *Invoice) any { return &i.Lines }, false},
			{32, "attachments", TypeUint32, "", "Attachments embedded in it, call detail or not.", "", func(i *Invoice) any { return &i.Attachments }, false},
			{33, "file_id", TypeID, "", "File it was first read from.", "", func(i *Invoice) any { return &i.FileID }, false},
			{34, "file_row", TypeUint, "", "Line number in that file at which it begins, from 1.", "", func(i *Invoice) any { return &i.FileRow }, false},
			{35, "recorded_at", TypeTime, "ms, UTC", "When Linesman recorded it.", "", func(i *Invoice) any { return &i.RecordedAt }, true},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(i *Invoice) any { return &i.Offset }, false},
		},
	}
}

// InvoiceLine is one line of an invoice or credit note, signed as a cost.
type InvoiceLine struct {
	EventID        ID
	InvoiceEvent   ID
	InvoiceID      ID
	Operator       string
	Number         string
	LineNo         string
	LineID         string
	LineMask       string
	Service        string
	Item           string
	ItemCode       string
	Quantity       Money
	QuantityUnit   string
	Price          Money
	BaseQuantity   Money
	Amount         Money
	Allowance      Money
	Charge         Money
	VATCategory    string
	VATPercent     Money
	Currency       string
	PeriodFrom     Day
	PeriodTo       Day
	AccountingCost string
	FileID         ID
	FileRow        uint64
	RecordedAt     Time
	Offset         uint64
}

// InvoiceLineTable declares the invoice_lines table.
func InvoiceLineTable() *Table[InvoiceLine] {
	return &Table[InvoiceLine]{
		Name: "invoice_lines", Record: "InvoiceLine", Topic: TopicInvoices, Key: "invoice id",
		Meaning: "Lines of invoices and credit notes.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "invoice_id, invoice_event, event_id",
		Columns: []Column[InvoiceLine]{
			{1, "event_id", TypeID, "", "SHA-256 over the invoice's event and the position of the line.", "", func(l *InvoiceLine) any { return &l.EventID }, false},
			{2, "invoice_event", TypeID, "", "event_id of the invoice.", "", func(l *InvoiceLine) any { return &l.InvoiceEvent }, false},
			{3, "invoice_id", TypeID, "", "invoice_id of the invoice.", "", func(l *InvoiceLine) any { return &l.InvoiceID }, false},
			{4, "operator", TypeSymbol, "", "Operator, as in invoices.", "", func(l *InvoiceLine) any { return &l.Operator }, false},
			{5, "number", TypeText, "", "Number of the invoice.", "", func(l *InvoiceLine) any { return &l.Number }, false},
			{6, "line_no", TypeText, "", "Identity of the line within the document.", "", func(l *InvoiceLine) any { return &l.LineNo }, false},
			{7, "line_id", TypeText, "", "Subscription it is about: its own, or the document's; empty: not told.", "keyed hash of the number", func(l *InvoiceLine) any { return &l.LineID }, false},
			{8, "line_mask", TypeText, "", "Its number with the last digits dropped.", "last digits dropped at the collector", func(l *InvoiceLine) any { return &l.LineMask }, false},
			{9, "service", TypeSymbol, "", "What it is for: a service as in usage, subscription, one_time, credit, rebate, equipment, other; empty: cannot be told.", "", func(l *InvoiceLine) any { return &l.Service }, false},
			{10, "item", TypeText, "", "Name of the item, with numbers of telephones and persons masked.", "masked", func(l *InvoiceLine) any { return &l.Item }, false},
			{11, "item_code", TypeSymbol, "", "The seller's number of the item.", "", func(l *InvoiceLine) any { return &l.ItemCode }, false},
			{12, "quantity", TypeMoney, "as quantity_unit", "Quantity, a decimal with six places.", "", func(l *InvoiceLine) any { return &l.Quantity }, false},
			{13, "quantity_unit", TypeSymbol, "", "UN/ECE Recommendation 20 code: EA, MIN, SEC, 4L (MB), MON and so on.", "", func(l *InvoiceLine) any { return &l.QuantityUnit }, false},
			{14, "price", TypeMoney, "currency", "Price of base_quantity.", "", func(l *InvoiceLine) any { return &l.Price }, false},
			{15, "base_quantity", TypeMoney, "as quantity_unit", "Quantity that the price is for; 1 where none is told.", "", func(l *InvoiceLine) any { return &l.BaseQuantity }, false},
			{16, "amount", TypeMoney, "currency", "Stated amount excluding VAT, rebates and charges of the line included.", "", func(l *InvoiceLine) any { return &l.Amount }, false},
			{17, "allowance", TypeMoney, "currency", "Rebates inside the amount; positive.", "", func(l *InvoiceLine) any { return &l.Allowance }, false},
			{18, "charge", TypeMoney, "currency", "Charges inside the amount.", "", func(l *InvoiceLine) any { return &l.Charge }, false},
			{19, "vat_category", TypeSymbol, "", "UNCL5305 code of the VAT category: S, Z, E, AE and so on.", "", func(l *InvoiceLine) any { return &l.VATCategory }, false},
			{20, "vat_percent", TypeMoney, "%", "VAT rate.", "", func(l *InvoiceLine) any { return &l.VATPercent }, false},
			{21, "currency", TypeSymbol, "", "ISO 4217 code of the amounts.", "", func(l *InvoiceLine) any { return &l.Currency }, false},
			{22, "period_from", TypeDay, "", "First day it is about: its own, or the document's; 1970-01-01: not told.", "", func(l *InvoiceLine) any { return &l.PeriodFrom }, false},
			{23, "period_to", TypeDay, "", "Last day it is about.", "", func(l *InvoiceLine) any { return &l.PeriodTo }, false},
			{24, "accounting_cost", TypeText, "", "The buyer's accounting string, masked.", "masked", func(l *InvoiceLine) any { return &l.AccountingCost }, false},
			{25, "file_id", TypeID, "", "File it was first read from.", "", func(l *InvoiceLine) any { return &l.FileID }, false},
			{26, "file_row", TypeUint, "", "Line number in that file at which it begins, from 1.", "", func(l *InvoiceLine) any { return &l.FileRow }, false},
			{27, "recorded_at", TypeTime, "ms, UTC", "When Linesman recorded it.", "", func(l *InvoiceLine) any { return &l.RecordedAt }, true},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(l *InvoiceLine) any { return &l.Offset }, false},
		},
	}
}
