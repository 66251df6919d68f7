package collector

import (
	"context"
	"errors"
	"fmt"

	"linesman/ingest"
	"linesman/internal/broker"
	"linesman/internal/failpoint"
	"linesman/schema"
)

// conclude writes what is still held, waits until all of it is acknowledged and then writes
// the file's report.
func (c *Collector) conclude(ctx context.Context, s *sink, report Report, sum ingest.Summary, readErr error, content schema.ID) (Report, error) {
	handed := s.sent + s.rejected + s.repeated
	if readErr == nil && sum.Read != handed {
		readErr = &ingest.FileError{File: report.Name, Code: ingest.CodeInternal,
			Reason: fmt.Sprintf("the reader counted %d records but handed out %d: a defect", sum.Read, handed)}
		c.logger.Error("records are missing between reader and log", "collector", report.Collector, "file_id", s.file.String(), "read", sum.Read, "handed_out", handed)
	}
	report.FileID, report.File = s.file, s.file.String()
	report.ContentID = content.String()
	report.Profile, report.Columns = sum.Profile, sum.Columns
	report.Notices = append(sum.Notices, s.notices()...)
	report.Read, report.Sent, report.Rejected, report.Repeated = handed, s.sent, s.rejected, s.repeated
	report.Amended = s.amended
	report.Rejects = s.codes()
	report.FirstAt, report.LastAt = s.first.UTC(), s.last.UTC()
	if readErr != nil {
		report.State, report.Error = schema.FileFailed, readErr.Error()
		s.refuseFile(readErr)
	}
	s.summariseRejects()
	if err := s.close(); err != nil {
		return report, err
	}
	report.RecordedAt = c.now()
	if s.progress != nil {
		s.progress(handed)
	}
	if s.preview != nil {
		return report, nil
	}
	file := fileRecord(report, content)
	rec := broker.Record{Key: []byte(report.File), Value: c.codecs.file.enc.Append(nil, &file), Headers: c.codecs.file.headers, Time: report.RecordedAt}
	failpoint.Hit("collect.report.before")
	if _, err := c.log.Produce(ctx, schema.TopicFiles, 0, []broker.Record{rec}); err != nil {
		return report, fmt.Errorf("concluding the file with its report: %w", &ingest.LogError{Err: err})
	}
	failpoint.Hit("collect.report.after")
	return report, nil
}

func fileRecord(r Report, content schema.ID) schema.File {
	return schema.File{
		EventID: r.FileID, FileID: r.FileID, Name: r.Name, Collector: r.Collector, Profile: r.Profile,
		Size: r.Size, ContentID: content, State: r.State, Error: r.Error,
		Read: r.Read, Sent: r.Sent, Rejected: r.Rejected, Repeated: r.Repeated,
		FirstAt: schema.TimeOf(r.FirstAt), LastAt: schema.TimeOf(r.LastAt),
		StartedAt: schema.TimeOf(r.StartedAt), RecordedAt: schema.TimeOf(r.RecordedAt),
	}
}

// refuseFile writes the reject of the whole file: row 0, with the place in the reason.
func (s *sink) refuseFile(err error) {
	rej := ingest.Reject{Code: ingest.CodeUnreadable, Reason: err.Error()}
	var refused *ingest.FileError
	if errors.As(err, &refused) {
		rej.Column, rej.Code, rej.Reason = refused.Column, refused.Code, refused.Reason
		if refused.Row > 0 {
			rej.Reason = fmt.Sprintf("line %d: %s", refused.Row, refused.Reason)
		}
	}
	s.writeReject(rej, schema.ID{})
}
