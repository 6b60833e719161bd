//! The least that a function can cost which moves the same bytes: it reads an event, sends a request to the endpoint, reads the
//! answer to that and gives an answer, over plain HTTP, and looks at nothing of it but lengths and the event's id.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "there is no more to it than what it moves"
)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let variable = |name| std::env::var(name).expect(name);
    let (api, endpoint) = (variable("AWS_LAMBDA_RUNTIME_API"), variable("AWS_ENDPOINT_URL"));
    let request = std::fs::read(variable("FLOOR_REQUEST"))?;
    let answer = std::fs::read(variable("FLOOR_ANSWER"))?;
    let mut lambda = Connection::open(&api)?;
    let mut aws = Connection::open(endpoint.trim_start_matches("http://"))?;
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n");
    loop {
        let id = lambda.exchange(next.as_bytes())?;
        aws.exchange(&request)?;
        let head = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {api}\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        lambda.exchange(&[head.as_bytes(), &answer].concat())?;
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// Sends a request and reads the response; gives the event's id, if there is one.
    fn exchange(&mut self, request: &[u8]) -> io::Result<String> {
        self.stream.get_mut().write_all(request)?;
        let (mut length, mut id) = (0, String::new());
        loop {
            self.line.clear();
            if self.stream.read_line(&mut self.line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match self.line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap_or(0),
                Some(("lambda-runtime-aws-request-id", value)) => value.clone_into(&mut id),
                Some(_) => {}
                None if self.line == "\r\n" => break,
                None => {}
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body[..length])?;
        Ok(id)
    }
}
