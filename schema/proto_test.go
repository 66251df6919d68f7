package schema_test

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"linesman/schema"
	"linesman/schema/schematest"
)

var (
	messageLine = regexp.MustCompile(`^message (\w+) \{$`)
	fieldLine   = regexp.MustCompile(`^  (repeated )?(bytes|string|sint64|sint32|bool|fixed64|uint64|uint32|double) ([a-z]\w*) = (\d+);$`)
)

// readProto reads the little of the language that the file uses and nothing else.
func readProto(t *testing.T) protoreflect.FileDescriptor {
	file := &descriptorpb.FileDescriptorProto{Name: proto.String("linesman.proto"), Package: proto.String("linesman"), Syntax: proto.String("proto3")}
	var msg *descriptorpb.DescriptorProto
	for n, line := range strings.Split(schema.Proto(), "\n") {
		if m := messageLine.FindStringSubmatch(line); m != nil && msg == nil {
			msg = &descriptorpb.DescriptorProto{Name: proto.String(m[1])}
		} else if f := fieldLine.FindStringSubmatch(line); f != nil && msg != nil {
			number, err := strconv.ParseInt(f[4], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			label := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
			if f[1] != "" {
				label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED
			}
			typ := descriptorpb.FieldDescriptorProto_Type(descriptorpb.FieldDescriptorProto_Type_value["TYPE_"+strings.ToUpper(f[2])])
			msg.Field = append(msg.Field, &descriptorpb.FieldDescriptorProto{Name: proto.String(f[3]), Number: proto.Int32(int32(number)), Type: &typ, Label: &label})
		} else if line == "}" && msg != nil {
			file.MessageType, msg = append(file.MessageType, msg), nil
		} else if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "//") && s != `syntax = "proto3";` && s != "package linesman;" {
			t.Fatalf("line %d of the file cannot be read: %q", n+1, line)
		}
	}
	d, err := protodesc.NewFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Another implementation of Protocol Buffers, which knows only the published file, reads what
// the encoder wrote, and what it writes is read by the decoder.
func TestThePublishedFileReadsTheLog(t *testing.T) {
	file := readProto(t)
	if file.Messages().Len() != len(schema.Catalogue()) {
		t.Fatalf("%d messages for %d tables", file.Messages().Len(), len(schema.Catalogue()))
	}
	against(t, file, schema.UsageTable())
	against(t, file, schema.WatchTable())
	against(t, file, schema.ViolationTable())
	against(t, file, schema.FileTable())
	against(t, file, schema.RejectTable())
	against(t, file, schema.LineTable())
	against(t, file, schema.UnitTable())
	against(t, file, schema.CostCentreTable())
	against(t, file, schema.NumberRangeTable())
	against(t, file, schema.ApprovalTable())
	against(t, file, schema.PriceTable())
	against(t, file, schema.GoalTable())
	against(t, file, schema.ContactTable())
	against(t, file, schema.EquipmentTable())
	against(t, file, schema.EmploymentTable())
	against(t, file, schema.TelephoneHoursTable())
}

func against[T any](t *testing.T, file protoreflect.FileDescriptor, table *schema.Table[T]) {
	t.Helper()
	desc := file.Messages().ByName(protoreflect.Name(table.Record))
	r := rand.New(rand.NewPCG(9, 9))
	for range rounds {
		var rec, got T
		schematest.Fill(r, table, &rec)
		want := keep(table, rec, func(f int) bool { return f > 0 })
		msg := dynamicpb.NewMessage(desc)
		if err := proto.Unmarshal(schema.NewEncoder(table).Append(nil, &rec), msg); err != nil {
			t.Fatalf("%s: %v", table.Record, err)
		}
		if len(msg.GetUnknown()) > 0 {
			t.Fatalf("%s has fields that the file does not name", table.Record)
		}
		for _, c := range table.Columns {
			if f := desc.Fields().ByName(protoreflect.Name(c.Name)); c.Field > 0 && !means(msg.Get(f), schematest.Value(c.Ref(&want))) {
				t.Fatalf("%s.%s is read as %v, want %v", table.Record, c.Name, msg.Get(f), schematest.Value(c.Ref(&want)))
			}
		}
		b, err := proto.Marshal(msg)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.NewDecoder(table).Decode(b, &got); err != nil {
			t.Fatalf("%s written by another program: %v", table.Record, err)
		}
		if diff := schematest.Differ(table, &want, &got); diff != "" {
			t.Fatalf("written by another program: %s", diff)
		}
	}
}

// means compares a value of the other implementation with one of ours.
func means(v protoreflect.Value, want any) bool {
	switch w := want.(type) {
	case schema.ID:
		return string(v.Bytes()) == string(w[:]) || len(v.Bytes()) == 0 && w.IsZero()
	case schema.Time:
		return v.Int() == int64(w)
	case schema.Day:
		return v.Int() == int64(w)
	case schema.Money:
		return v.Int() == int64(w)
	case uint32:
		return v.Uint() == uint64(w)
	case []schema.ID:
		list := v.List()
		same := list.Len() == len(w)
		for i := 0; same && i < len(w); i++ {
			same = string(list.Get(i).Bytes()) == string(w[i][:])
		}
		return same
	}
	return schematest.Same(v.Interface(), want)
}
