//! What each room must not know. Dependencies run one way only: `api -> service -> domain <- store`.

use super::source::{Source, holds_word};

/// Something that does not belong into a room.
struct Ban {
    /// The beginning of the paths of the room.
    room: &'static str,
    /// What is banned.
    words: &'static [&'static str],
    /// What to do instead.
    instead: &'static str,
    /// Paths under the room to which it does not apply, with the reason beside each in the table.
    except: &'static [&'static str],
}

const BANS: &[Ban] = &[
    Ban {
        room: "src/domain/",
        words: &["async fn", "async move", ".await", "tokio"],
        instead: "values in, values out; what waits belongs into service",
        except: &[],
    },
    Ban {
        room: "src/domain/",
        words: &[
            "SystemTime",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "rand::",
        ],
        instead: "take the time or the seed as an argument",
        except: &[],
    },
    Ban {
        room: "src/domain/",
        words: &[
            "std::fs",
            "fs::",
            "File::",
            "std::io",
            "std::net",
            "std::env",
            "std::thread",
        ],
        instead: "take what was read as an argument",
        except: &[],
    },
    Ban {
        room: "src/domain/",
        words: &["println!", "eprintln!", "tracing"],
        instead: "return it; service and cli tell people",
        except: &[],
    },
    Ban {
        room: "src/domain/",
        words: &["HashMap", "HashSet"],
        instead: "BTreeMap or BTreeSet: the order must be the same in every run",
        except: &[],
    },
    Ban {
        room: "src/domain/",
        words: &["f64", "f32"],
        instead: "integers of micro-units or nano-units; ratios are made by ranking::share",
        // Models learn in floating point, and coefficients of concentration are ratios: both from exact sums.
        except: &["src/domain/model/", "src/domain/concentration.rs"],
    },
    Ban {
        room: "src/domain/",
        words: &["RealDisk", "DiskFile", "embedded::Engine"],
        instead: "the Store trait",
        except: &[],
    },
    Ban {
        room: "src/service/",
        words: &["RealDisk", "DiskFile", "embedded::Engine"],
        instead: "the Store trait",
        except: &[],
    },
    Ban {
        room: "src/api/",
        words: &["RealDisk", "DiskFile", "embedded::Engine"],
        instead: "the service",
        except: &[],
    },
    Ban {
        room: "src/api/",
        words: &["TenantId::parse"],
        instead: "access::tenant_from_pb, which asks whether the caller may use the tenant's data",
        // The check itself; and the tenants of the file of tokens.
        except: &["src/api/access/"],
    },
    Ban {
        room: "src/store/embedded/",
        words: &["std::fs", "fs::", "File::"],
        instead: "the Disk trait, so that faults can be put beneath it",
        // The real disk itself; and the target of a backup, which must be empty before it is a disk.
        except: &[
            "src/store/embedded/real_disk.rs",
            "src/store/embedded/maintenance.rs",
            "src/store/embedded/tests",
            "src/store/embedded/checkpoint/tests",
        ],
    },
    Ban {
        room: "src/store/embedded/engine.rs",
        words: &["thread", "tokio", "async", "Instant::now", "RandomState"],
        instead: "the writer: the engine does the same for the same calls",
        except: &[],
    },
    Ban {
        room: "src/domain/",
        words: &["tonic", "prost"],
        instead: "the domain's own types; only api and cli know the wire",
        except: &[],
    },
    Ban {
        room: "src/service/",
        words: &["tonic", "prost"],
        instead: "the domain's own types; only api and cli know the wire",
        except: &[],
    },
    Ban {
        room: "src/store/",
        words: &["tonic", "prost"],
        instead: "the domain's own types; only api and cli know the wire",
        except: &[],
    },
    Ban {
        room: "src/",
        words: &["SystemTime"],
        instead: "service::clock",
        // The clock itself; and a client, which makes its own ids of requests.
        except: &["src/service/clock.rs", "src/cli/"],
    },
];

/// Which rooms a room must not use.
const ONE_WAY: &[(&str, &[&str])] = &[
    ("src/domain/", &["api", "cli", "service", "store"]),
    ("src/store/", &["api", "cli", "service"]),
    ("src/service/", &["api", "cli"]),
    ("src/api/", &["cli"]),
];

/// Functions of the domain outside of the models that make a floating-point number of exact sums.
const RATIOS: &[(&str, &str)] = &[("src/domain/ranking.rs", "share")];

/// Every breach of a room's rule in a file.
pub fn breaches(source: &Source) -> Vec<String> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let ratio = ratio_lines(source);
    for ban in BANS.iter().filter(|ban| applies(ban, &source.path)) {
        for (number, line) in source.code_without_tests() {
            let allowed = ban.words.contains(&"f64") && ratio.contains(&number);
            for word in ban.words.iter().filter(|word| holds_word(line, word)) {
                if !allowed {
                    let (path, instead) = (&source.path, ban.instead);
                    found.push(format!(
                        "{path}:{number}: {word} is not allowed here: {instead}"
                    ));
                }
            }
        }
    }
    for (room, banned) in ONE_WAY {
        if source.path.starts_with(room) {
            let used = rooms_used(source);
            let wrong = used.iter().filter(|used| banned.contains(&used.as_str()));
            let room = room.trim_start_matches("src/").trim_end_matches('/');
            found.extend(wrong.map(|used| {
                let path = &source.path;
                format!("{path}: {room} must not use {used}: api -> service -> domain <- store")
            }));
        }
    }
    found
}

fn applies(ban: &Ban, path: &str) -> bool {
    path.starts_with(ban.room) && !ban.except.iter().any(|except| path.starts_with(except))
}

/// The lines of the functions that may make a ratio.
fn ratio_lines(source: &Source) -> Vec<usize> {
    let mut lines = Vec::new();
    for (_, function) in RATIOS.iter().filter(|(path, _)| *path == source.path) {
        let begin = format!("pub fn {function}(");
        let body = source
            .code()
            .skip_while(|(_, line)| !line.starts_with(&begin));
        lines.extend(
            body.take_while(|(_, line)| *line != "}")
                .map(|(number, _)| number),
        );
    }
    lines
}

/// The rooms that a file uses by `crate::room`, `crate::{room, …}` or the same after `super::`.
fn rooms_used(source: &Source) -> Vec<String> {
    let code: Vec<_> = source.code().map(|(_, line)| line).collect();
    let code = code.join("\n");
    let mut used = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => used.extend(first_names(group)),
                None => used.push(leading_name(rest)),
            }
        }
    }
    used.sort();
    used.dedup();
    used
}

fn leading_name(text: &str) -> String {
    let is_name = |c: &char| c.is_alphanumeric() || *c == '_';
    text.trim_start().chars().take_while(is_name).collect()
}

/// The first names of the paths in a group, up to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let mut names = vec![leading_name(group)];
    let mut depth = 0_u32;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(leading_name(&group[at + 1..])),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_refused(path: &str, text: &str) {
        let found = breaches(&Source::sample(path, text));
        assert!(!found.is_empty(), "{path} may not hold {text}");
    }

    #[track_caller]
    fn assert_allowed(path: &str, text: &str) {
        assert_eq!(breaches(&Source::sample(path, text)), Vec::<String>::new());
    }

    #[test]
    fn every_word_of_every_ban_is_found_in_its_room_and_nowhere_else() {
        for ban in BANS {
            for word in ban.words {
                let line = format!("let x = {word};");
                assert_refused(&format!("{}bad.rs", ban.room), &line);
                assert_allowed(&format!("{}good.rs", ban.room), &format!("// {line}"));
                let in_tests = format!("#[cfg(test)]\nmod tests {{ {line} }}");
                assert_allowed(&format!("{}good.rs", ban.room), &in_tests);
                assert_allowed("benches/good.rs", &line);
            }
        }
    }

    #[test]
    fn rooms_are_found_however_they_are_named() {
        assert_refused("src/domain/bad.rs", "use crate::store::Store;");
        assert_refused(
            "src/domain/bad.rs",
            "use crate::{\n    domain::{a, b},\n    store,\n};",
        );
        assert_refused(
            "src/domain/bad.rs",
            "fn f(s: &super::super::service::Service) {}",
        );
        assert_refused("src/store/bad.rs", "use crate::{service::Service};");
        assert_refused("src/service/bad.rs", "use super::super::{api::pb};");
        assert_refused("src/api/bad.rs", "crate::cli::run()");
        assert_allowed(
            "src/api/good.rs",
            "use crate::{domain::{cli_name, store}, service};",
        );
        assert_allowed(
            "src/store/good.rs",
            "use crate::domain::{problem::Problem};",
        );
    }

    #[test]
    fn only_the_named_function_makes_a_ratio() {
        let share = "pub fn share(a: i128) -> f64 {\n    a as f64\n}\n";
        assert_allowed("src/domain/ranking.rs", share);
        assert_refused("src/domain/money.rs", share);
        let other = format!("{share}pub fn price() -> f64 {{ 0.0 }}");
        assert_refused("src/domain/ranking.rs", &other);
    }
}
