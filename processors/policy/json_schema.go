package policy

import (
	"encoding/json"
	"fmt"
)

// JSONSchema describes rule files for editors that complete and check YAML by a JSON Schema
// (draft 2020-12). It is made of the declarations that the loader reads by; what depends on
// several keys at once, such as the type of a column, only the loader checks.
func JSONSchema() ([]byte, error) {
	schema := mappingSchema(fileKeys())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "Linesman policy pack"
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema of rule files: %w", err)
	}
	return append(out, '\n'), nil
}

func mappingSchema(keys []key) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, k := range keys {
		properties[k.name] = k.schema()
		if k.required {
			required = append(required, k.name)
		}
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (k key) schema() map[string]any {
	out := formSchema(k.form)
	switch {
	case k.form == formMapping:
		out = mappingSchema(k.keys)
	case k.form == formList && k.keys != nil:
		out["items"] = mappingSchema(k.keys)
	case k.form == formList:
		out["items"] = formSchema(k.item)
	case len(k.words) > 0:
		out["enum"] = k.words
	}
	if k.form == formList && k.required {
		out["minItems"] = 1
	}
	if k.name == "id" {
		out["pattern"] = idForm.String()
	}
	out["description"] = k.says
	return out
}

func formSchema(f form) map[string]any {
	pattern := map[form]string{formLine: "^L[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$", formDay: `^(\d{4}-\d\d-\d\d|\$\{[^{}]+\})$`}
	switch f {
	case formInteger:
		return map[string]any{"type": "integer"}
	case formNumber:
		return map[string]any{"type": "number"}
	case formFlag:
		return map[string]any{"type": "boolean"}
	case formYear:
		return map[string]any{"type": []string{"string", "integer"}, "pattern": `^\d{4}(-\d\d-\d\d)?$`}
	case formValue:
		return map[string]any{"type": []string{"string", "number", "boolean"}}
	case formList:
		return map[string]any{"type": "array"}
	case formLine, formDay:
		return map[string]any{"type": "string", "pattern": pattern[f]}
	}
	return map[string]any{"type": "string", "minLength": 1}
}
