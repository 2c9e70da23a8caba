package bounce

import (
	"encoding/json"
	"strings"
)

// A sesEvent is what Amazon SES says by SNS, which can send it as mail: JSON in a
// text for people. Names are those of the JSON.
type sesEvent struct {
	NotificationType, EventType string
	Bounce                      *struct {
		BounceType, BounceSubType string
		BouncedRecipients         []struct{ EmailAddress, Action, Status, DiagnosticCode string }
		ReportingMTA              string
	}
	Complaint *struct {
		ComplainedRecipients  []struct{ EmailAddress string }
		ComplaintFeedbackType string
		UserAgent             string
	}
	Delivery *struct {
		Recipients   []string
		SmtpResponse string
		ReportingMTA string
	}
	DeliveryDelay *struct {
		DelayedRecipients []struct{ EmailAddress, Status, DiagnosticCode string }
	}
	Mail struct {
		MessageID     string
		Source        string
		CommonHeaders struct {
			MessageID string
			Subject   string
		}
	}
}

// findSESEvent finds the JSON of an event at the front of a text; nil if there is
// none.
func findSESEvent(text string) *sesEvent {
	t := strings.TrimLeft(text, " \t\n")
	if !strings.HasPrefix(t, "{") || !strings.Contains(t, `ificationType"`) && !strings.Contains(t, `eventType"`) {
		return nil
	}
	var e sesEvent
	if err := json.NewDecoder(strings.NewReader(t)).Decode(&e); err != nil {
		// Where lines were folded for mail, a line end may be within a string.
		e = sesEvent{}
		if json.NewDecoder(strings.NewReader(strings.ReplaceAll(t, "\n", ""))).Decode(&e) != nil {
			return nil
		}
	}
	if e.Bounce == nil && e.Complaint == nil && e.Delivery == nil && e.DeliveryDelay == nil {
		return nil
	}
	return &e
}

func (e *sesEvent) kind() Kind {
	if e.Complaint != nil {
		return Feedback
	}
	return Bounce
}

// fill fills in a report.
func (e *sesEvent) fill(out *Report) {
	id := messageID(e.Mail.CommonHeaders.MessageID)
	if id == "" {
		id = e.Mail.MessageID
	}
	out.Original = &Original{MessageID: id, Subject: e.Mail.CommonHeaders.Subject}
	switch {
	case e.Complaint != nil:
		f := &FeedbackReport{Type: strings.ToLower(e.Complaint.ComplaintFeedbackType), UserAgent: e.Complaint.UserAgent, MailFrom: e.Mail.Source, Incidents: 1}
		out.Feedback = f
		for _, r := range e.Complaint.ComplainedRecipients {
			out.addEvent(Recipient{Final: r.EmailAddress, Class: feedbackClass(f.Type)})
		}
	case e.Bounce != nil:
		out.ReportingMTA = typedName(e.Bounce.ReportingMTA)
		for _, r := range e.Bounce.BouncedRecipients {
			status, _ := statusField(r.Status)
			out.addEvent(newEventRecipient(r.EmailAddress, action(r.Action), status, r.DiagnosticCode))
		}
	case e.DeliveryDelay != nil:
		for _, r := range e.DeliveryDelay.DelayedRecipients {
			status, _ := statusField(r.Status)
			out.addEvent(newEventRecipient(r.EmailAddress, Delayed, status, r.DiagnosticCode))
		}
	default:
		out.ReportingMTA = typedName(e.Delivery.ReportingMTA)
		for _, a := range e.Delivery.Recipients {
			out.addEvent(Recipient{Final: a, Action: Delivered, Class: Success, Diagnostic: oneLine(e.Delivery.SmtpResponse)})
		}
	}
}

func newEventRecipient(address string, a Action, status, diagnostic string) Recipient {
	r := Recipient{Final: address, Action: a, Status: status, Diagnostic: diagnosticCode(diagnostic)}
	if r.Action == "" {
		r.Action = Failed
	}
	if s := findStatus(r.Diagnostic); s.rank > 0 && isGeneric(r.Status) {
		r.Status = s.code
	}
	r.Code = findCode(r.Diagnostic)
	r.Class = classify(r.Diagnostic, r.Status, r.Code)
	return r
}

func (out *Report) addEvent(r Recipient) {
	a, ok := bareAddress(r.Final)
	if ok && len(out.Recipients) < maxRecipients && indexRecipient(out.Recipients, a) < 0 {
		r.Final, r.Address = a, a
		out.Recipients = append(out.Recipients, r)
	}
}
