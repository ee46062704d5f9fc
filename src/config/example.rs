//! A file with all keys, made of the flags and their help.

use std::any::TypeId;

use clap::{Arg, ArgAction, Command};
use toml::Value;

use super::{each_section, key_of};

/// The length of a line of remarks, in characters.
const WIDTH: usize = 100;

/// Returns a file in which every key is a remark.
pub(super) fn text(command: &Command) -> String {
    let mut text = "# Sections are subcommands, keys their flags; see `morgue config --help`.\n".to_owned();
    each_section(command, &[], &mut |path, command| {
        let args: Vec<(String, &Arg)> =
            command.get_arguments().filter_map(|arg| Some((key_of(arg)?, arg))).collect();
        if args.is_empty() {
            return;
        }
        if !path.is_empty() {
            text.push_str(&format!("\n[{}]\n", path.join(".")));
        }
        for (key, arg) in args {
            if let Some(help) = arg.get_help() {
                remark(&help.to_string(), &mut text);
            }
            text.push_str(&format!("#{key} = {}\n", sample(arg)));
        }
    });
    text.push_str("\n# Mappings for load and serve, as docs/mapping.md tells:\n#[mapping.NAME]\n");
    text
}

fn remark(help: &str, into: &mut String) {
    let mut line = String::from("#");
    for word in help.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            into.push_str(&line);
            into.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    into.push_str(&line);
    into.push('\n');
}

/// Returns a value to begin with: the default, or the name of what is expected.
fn sample(arg: &Arg) -> Value {
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() {
        return value(arg, &defaults);
    }
    if is_flag(arg) {
        return Value::Boolean(true);
    }
    let name = arg.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name.as_str());
    value(arg, &[if is_number(arg) { "1" } else { name }.to_owned()])
}

/// Returns the values of a flag, as typed, as the value of its key.
pub(super) fn value(arg: &Arg, values: &[String]) -> Value {
    let one = |text: &String| {
        let number = || text.parse().map(Value::Integer).or_else(|_| text.parse().map(Value::Float));
        match () {
            () if is_flag(arg) => Value::Boolean(text == "true"),
            () if is_number(arg) => number().unwrap_or_else(|_| Value::String(text.clone())),
            () => Value::String(text.clone()),
        }
    };
    match (arg.get_action(), values) {
        (ArgAction::Append, _) => Value::Array(values.iter().map(one).collect()),
        (_, [value]) => one(value),
        (_, values) => Value::Array(values.iter().map(one).collect()),
    }
}

fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

fn is_number(arg: &Arg) -> bool {
    let of = arg.get_value_parser().type_id();
    [TypeId::of::<u64>(), TypeId::of::<usize>(), TypeId::of::<u32>(), TypeId::of::<f64>()]
        .iter()
        .any(|id| of == *id)
}
