import { bare, request, type Section } from "./case.ts";

const AMBIGUOUS =
  "what a service may read as another path than the one that was authorised is refused, unless its route says `allowAmbiguousPath`";

export const TARGETS: Section = {
  title: "Targets",
  cases: [
    { name: "reserved characters", bytes: request("GET /a;x=1/b@c/d:e!$&'()*+,=?a=%2B+b&a&b=/?%23[]") },
    { name: "a letter that is encoded", bytes: request("GET /%61") },
    { name: "an empty query", bytes: request("GET /a?") },
    { name: "two slashes", bytes: request("GET /a//b"), why: AMBIGUOUS },
    { name: "two slashes at the start", bytes: request("GET //a/b"), why: AMBIGUOUS },
    { name: "dots", bytes: request("GET /a/../b"), why: AMBIGUOUS },
    { name: "dots past the root", bytes: request("GET /../../b"), why: AMBIGUOUS },
    { name: "dots that are encoded", bytes: request("GET /a/%2e%2e/b"), why: AMBIGUOUS },
    { name: "a slash that is encoded", bytes: request("GET /a%2fb"), why: AMBIGUOUS },
    { name: "a backslash", bytes: request("GET /a\\..\\b"), why: AMBIGUOUS },
    { name: "a NUL that is encoded", bytes: request("GET /a%00b"), why: AMBIGUOUS },
    { name: "half an encoded character", bytes: request("GET /a%2"), why: `${AMBIGUOUS}; nginx refuses it too` },
    { name: "a fragment", bytes: request("GET /a#b"), why: "RFC 9112 §3.2: no target holds one. nginx passes it on" },
    { name: "a space", bytes: request("GET /a b") },
    {
      name: "an octet above ASCII",
      bytes: request("GET /\u00e9"),
      why: "RFC 3986 §2: no target holds one. nginx passes it on",
    },
    { name: "a NUL", bytes: request("GET /a\0b") },
    {
      name: "no slash",
      bytes: request("GET a"),
      why: "RFC 9112 §3.2: a target begins with a slash. HAProxy passes it on",
    },
    {
      name: "an absolute target",
      bytes: request("GET http://a/b"),
      why: "RFC 9112 §3.2.1: a service is sent the path alone, and the Host that the target names. HAProxy leaves the form as it is",
    },
    {
      name: "an absolute target, and another Host",
      bytes: request("GET http://b/c"),
      why: "RFC 9112 §3.2.2: the Host of the target counts. Postern routes by it and sends it on; nginx routes by it and sends on what the field says ($http_host), HAProxy refuses",
    },
    {
      name: "an absolute target of another scheme",
      bytes: request("GET ftp://a/b"),
      why: "Postern takes http and https alone",
    },
    {
      name: "an asterisk",
      bytes: request("OPTIONS *"),
      why: "RFC 9110 §9.3.7: it asks about the server itself, which answers",
    },
    { name: "an asterisk for GET", bytes: request("GET *"), why: "RFC 9112 §3.2.4: for OPTIONS alone" },
  ],
};

export const HOSTS: Section = {
  title: "Hosts",
  cases: [
    {
      name: "none",
      bytes: bare("GET / HTTP/1.1", "Connection: close"),
      why: "RFC 9112 §3.2: 400. HAProxy passes it on",
    },
    {
      name: "none, in HTTP/1.0",
      bytes: bare("GET / HTTP/1.0"),
      why: "HTTP/1.0 asks for none. What Postern sends on is HTTP/1.1 and has one: the service's own",
    },
    { name: "two", bytes: request("GET /", ["Host: b"]) },
    {
      name: "the same twice",
      bytes: request("GET /", ["Host: a"]),
      why: "RFC 9112 §3.2: 400 for more than one. HAProxy makes one of two that are equal",
    },
    {
      name: "an empty one",
      bytes: bare("GET / HTTP/1.1", "Host:", "Connection: close"),
      why: "Postern and nginx need a name to know whose request it is",
    },
    {
      name: "one with a user",
      bytes: bare("GET / HTTP/1.1", "Host: u@a", "Connection: close"),
      why: "RFC 9110 §7.2: a host and a port, no user",
    },
    {
      name: "one with a path",
      bytes: bare("GET / HTTP/1.1", "Host: a/b", "Connection: close"),
      why: "RFC 9110 §7.2: a host and a port. HAProxy passes on whatever stands there",
    },
    {
      name: "one with a space",
      bytes: bare("GET / HTTP/1.1", "Host: a b", "Connection: close"),
      why: "RFC 9110 §7.2: a host and a port. HAProxy passes on whatever stands there",
    },
  ],
};

export const FIELDS: Section = {
  title: "Fields",
  cases: [
    {
      name: "order, repetition, and values that are not ASCII",
      bytes: request("GET /", ["X-B: 1", "x-a: 2", "X-B: \u00e9"]),
    },
    {
      name: "an underscore in a name",
      bytes: request("GET /", ["X_Auth_User: root"]),
      why: "a service that reads fields as CGI does takes it for X-Auth-User: Postern drops such names, and so does nginx (`underscores_in_headers`)",
    },
    {
      name: "what Connection names",
      bytes: request("GET /", [
        "Connection: X-Hop",
        "X-Hop: 1",
        "Keep-Alive: 5",
        "Proxy-Connection: x",
        "TE: trailers",
      ]),
      why: "RFC 9110 §7.6.1: what Connection names goes no further, nor what is known to belong to one connection. nginx drops some of it, HAProxy passes it on",
    },
    { name: "Connection that names Host", bytes: request("GET /", ["Connection: Host"]) },
    {
      name: "credentials for a proxy",
      bytes: request("GET /", ["Proxy-Authorization: Basic eA=="]),
      why: "RFC 9110 §11.7.2: for the first proxy that asked for them, here Postern",
    },
    {
      name: "an upgrade to HTTP/2",
      bytes: request("GET /", [
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
      ]),
      why: "it would go past every rule (RFC 9113 has done away with it). HAProxy passes it on",
    },
    {
      name: "an upgrade to something else",
      bytes: request("GET /", ["Connection: Upgrade", "Upgrade: foo/1"]),
      why: "RFC 9110 §7.8: for one connection. Postern passes on WebSockets alone, where a route takes them",
    },
    { name: "a NUL", bytes: request("GET /", ["X: a\0b"]), why: "RFC 9110 §5.5: never valid. HAProxy passes it on" },
    { name: "a bare CR", bytes: request("GET /", ["X: a\rb"]) },
    {
      name: "no colon",
      bytes: request("GET /", ["X"]),
      why: "RFC 9112 §5: no field. nginx takes it for one without a value",
    },
    { name: "no name", bytes: request("GET /", [": x"]) },
    {
      name: "Max-Forwards: 0",
      bytes: request("OPTIONS /", ["Max-Forwards: 0"]),
      why: "RFC 9110 §7.6.2: the one who reads 0 answers. nginx and HAProxy do not look at it",
    },
    {
      name: "Max-Forwards: 3",
      bytes: request("OPTIONS /", ["Max-Forwards: 3"]),
      why: "RFC 9110 §7.6.2: each proxy takes one off. nginx and HAProxy do not look at it",
    },
    {
      name: "conditions, ranges, codings",
      bytes: request("GET /", ['If-None-Match: W/"a", "b"', "Range: bytes=0-1", "Accept-Encoding: br"]),
    },
  ],
};

export const METHODS: Section = {
  title: "Methods and versions",
  cases: [
    { name: "TRACE", bytes: request("TRACE /"), why: "it shows what proxies add. RFC 9110 §9.3.8 lets it be refused" },
    {
      name: "CONNECT",
      bytes: bare("CONNECT a:443 HTTP/1.1", "Host: a:443", "Connection: close"),
      why: "Postern makes no tunnels",
    },
    {
      name: "a method that nobody knows",
      bytes: request("FOO /"),
      why: "Postern knows the registered methods, those of RFC 9110 and WebDAV: what is not known cannot be judged by rules for methods",
    },
    {
      name: "a method in small letters",
      bytes: request("get /"),
      why: "methods are told apart by case, and this one is not registered (RFC 9110 §9.1)",
    },
    {
      name: "HTTP/1.2",
      bytes: bare("GET / HTTP/1.2", "Host: a", "Connection: close"),
      why: "RFC 9110 §2.5 would have it taken for 1.1; nobody speaks it, and who says so wants to find out something",
    },
    {
      name: "HTTP/2.0",
      bytes: bare("GET / HTTP/2.0", "Host: a", "Connection: close"),
      why: "RFC 9112 §2.3: not in this syntax. HAProxy takes it for 1.1",
    },
    { name: "HTTP/2 by prior knowledge", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", why: "refused by all" },
    {
      name: "HTTP/0.9",
      bytes: "GET /\r\n\r\n",
      why: "RFC 9112 §2.3: nobody speaks it. nginx does, and gives the answer without a head",
    },
    { name: "an empty line before the request", bytes: `\r\n${request("GET /")}` },
    { name: "two spaces", bytes: bare("GET  / HTTP/1.1", "Host: a", "Connection: close") },
    { name: "two requests at once", bytes: `GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${request("GET /2")}` },
    {
      name: "two requests, the first with a body of no clear length",
      bytes: `POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n${request("GET /2")}`,
    },
  ],
};
