ALTER TABLE cases COMMENT COLUMN `step` 'open, acknowledged, explained, approved or closed; reminded is no step: the case stood in a list of reminders that was sent.'
;
ALTER TABLE cases COMMENT COLUMN `previous` 'Event id of the step before; zero for the first. Of several steps with the same one the first in the log holds. What was reminded names itself.'
;
ALTER TABLE cases COMMENT COLUMN `by` 'Who took the step: a role (holder, manager, finance, auditor, dpo, operations) or a person\'s pseudonym; empty: the program.'
;
ALTER TABLE cases COMMENT COLUMN `deadline` 'Day by which it is to be settled, as decided with this step; of an approved step the last day that is permitted. 1970-01-01: not changed.'
;
ALTER TABLE violations COMMENT COLUMN `subject_kind` 'line, unit or cost_centre (budgets and goals).'
;
ALTER TABLE violations COMMENT COLUMN `subject_id` 'Line id (pseudonym), unit id or cost centre.'
;
ALTER TABLE violations COMMENT COLUMN `window_kind` 'day, week, month, year or rolling.'
