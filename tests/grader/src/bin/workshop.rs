//! x
fn main() {
    if let Some(status) = grader::sandbox::become_inside_if_asked().or_else(grader::peek::look_if_asked) {
        std::process::exit(status);
    }
}
