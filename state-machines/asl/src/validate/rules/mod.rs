//! One rule per file. A rule is here, in `rules.md`, and has a fixture that breaks it.

mod branches;
mod choice_rule;
mod entry_field;
mod error_equals;
mod exclusive_fields;
mod express_integration;
mod field_not_allowed;
mod field_type;
mod item_reader;
mod json_path;
mod jsonata;
mod map_label;
mod map_mode;
mod map_values;
mod next_or_end;
mod no_states;
mod no_terminal;
mod query_language;
mod query_language_field;
mod reference_path;
mod required_field;
mod reserved_error;
mod resource;
mod retry_values;
mod start_at;
mod state_name;
mod state_type;
mod states_field;
mod sync_integration;
mod task_token;
mod template_value;
mod timeouts;
mod transition_escapes;
mod transition_target;
mod unreachable_state;
mod variable_name;
mod variable_scope;
mod variable_undefined;
mod version;
mod wait_values;

use super::document::Document;
use super::report::Findings;

pub(super) struct Rule {
    pub(super) code: &'static str,
    pub(super) check: fn(&Document<'_>, &mut Findings<'_>),
}

/// The codes that can be reported, those of the text itself first.
pub fn codes() -> impl Iterator<Item = &'static str> {
    let text = ["DEFINITION_SIZE", "JSON_SYNTAX", "DEFINITION_TYPE"];
    text.into_iter().chain(RULES.iter().map(|rule| rule.code))
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "REQUIRED_FIELD",
        check: required_field::check,
    },
    Rule {
        code: "STATE_TYPE",
        check: state_type::check,
    },
    Rule {
        code: "FIELD_TYPE",
        check: field_type::check,
    },
    Rule {
        code: "FIELD_NOT_ALLOWED",
        check: field_not_allowed::check,
    },
    Rule {
        code: "QUERY_LANGUAGE_FIELD",
        check: query_language_field::check,
    },
    Rule {
        code: "QUERY_LANGUAGE",
        check: query_language::check,
    },
    Rule {
        code: "START_AT",
        check: start_at::check,
    },
    Rule {
        code: "NO_STATES",
        check: no_states::check,
    },
    Rule {
        code: "TRANSITION_TARGET",
        check: transition_target::check,
    },
    Rule {
        code: "TRANSITION_ESCAPES",
        check: transition_escapes::check,
    },
    Rule {
        code: "UNREACHABLE_STATE",
        check: unreachable_state::check,
    },
    Rule {
        code: "NEXT_OR_END",
        check: next_or_end::check,
    },
    Rule {
        code: "NO_TERMINAL",
        check: no_terminal::check,
    },
    Rule {
        code: "STATE_NAME",
        check: state_name::check,
    },
    Rule {
        code: "ERROR_EQUALS",
        check: error_equals::check,
    },
    Rule {
        code: "RESERVED_ERROR",
        check: reserved_error::check,
    },
    Rule {
        code: "RETRY_VALUES",
        check: retry_values::check,
    },
    Rule {
        code: "ENTRY_FIELD",
        check: entry_field::check,
    },
    Rule {
        code: "TIMEOUTS",
        check: timeouts::check,
    },
    Rule {
        code: "EXCLUSIVE_FIELDS",
        check: exclusive_fields::check,
    },
    Rule {
        code: "WAIT_VALUES",
        check: wait_values::check,
    },
    Rule {
        code: "RESOURCE",
        check: resource::check,
    },
    Rule {
        code: "TASK_TOKEN",
        check: task_token::check,
    },
    Rule {
        code: "SYNC_INTEGRATION",
        check: sync_integration::check,
    },
    Rule {
        code: "EXPRESS_INTEGRATION",
        check: express_integration::check,
    },
    Rule {
        code: "JSON_PATH",
        check: json_path::check,
    },
    Rule {
        code: "REFERENCE_PATH",
        check: reference_path::check,
    },
    Rule {
        code: "TEMPLATE_VALUE",
        check: template_value::check,
    },
    Rule {
        code: "JSONATA",
        check: jsonata::check,
    },
    Rule {
        code: "STATES_FIELD",
        check: states_field::check,
    },
    Rule {
        code: "VARIABLE_NAME",
        check: variable_name::check,
    },
    Rule {
        code: "VARIABLE_SCOPE",
        check: variable_scope::check,
    },
    Rule {
        code: "VARIABLE_UNDEFINED",
        check: variable_undefined::check,
    },
    Rule {
        code: "CHOICE_RULE",
        check: choice_rule::check,
    },
    Rule {
        code: "MAP_LABEL",
        check: map_label::check,
    },
    Rule {
        code: "MAP_MODE",
        check: map_mode::check,
    },
    Rule {
        code: "MAP_VALUES",
        check: map_values::check,
    },
    Rule {
        code: "ITEM_READER",
        check: item_reader::check,
    },
    Rule {
        code: "BRANCHES",
        check: branches::check,
    },
    Rule {
        code: "VERSION",
        check: version::check,
    },
];
