-- Asks Postern about a request before HAProxy passes it on: `http-request lua.postern-verify`, and `http-response lua.postern-cookies`
-- for the cookies that come with a verdict. For HAProxy 2.6 and later, built with Lua.

local VERIFY = "http://127.0.0.1:8080/auth/verify"
local TIMEOUT = 5000

local IDENTITY = { "x-auth-user", "x-auth-name", "x-auth-session", "x-auth-roles", "x-auth-scope", "x-auth-identity" }

-- Of the client's fields: what belongs to one connection or to a body, and what only this proxy may say about the request.
local NOT_SENT = {
  ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true,
  ["transfer-encoding"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["forwarded"] = true,
  ["x-original-method"] = true, ["x-original-uri"] = true, ["range"] = true,
}
-- Of an answer's, in the same way.
local NOT_RETURNED = { ["connection"] = true, ["keep-alive"] = true, ["transfer-encoding"] = true, ["content-length"] = true }

local function unavailable(txn)
  local reply = txn:reply({ status = 503, reason = "Service Unavailable" })
  reply:add_header("content-type", "application/problem+json")
  reply:add_header("retry-after", "1")
  reply:add_header("cache-control", "no-store")
  reply:set_body('{"type":"about:blank","title":"Unavailable","status":503,"code":"store_unavailable"}')
  txn:done(reply)
end

local function sent(txn)
  local headers = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not NOT_SENT[name] and name:sub(1, 12) ~= "x-forwarded-" then
      headers[name] = {}
      for _, value in pairs(values) do table.insert(headers[name], value) end
    end
  end
  -- As often as the client says it: a request with two hosts must not become one with one.
  headers["host"] = {}
  for _, value in pairs(txn.http:req_get_headers()["host"] or {}) do table.insert(headers["host"], value) end
  headers["x-original-method"] = { txn.f:method() }
  headers["x-original-uri"] = { txn.f:url() }
  headers["x-forwarded-for"] = { txn.f:src() }
  return headers
end

core.register_action("postern-verify", { "http-req" }, function(txn)
  local answer = core.httpclient():get({ url = VERIFY, headers = sent(txn), timeout = TIMEOUT })
  local status = answer and answer.status or 0

  if status == 200 then
    -- Set whether or not there is a value, so that a caller's own header of that name never reaches the application.
    for _, name in ipairs(IDENTITY) do
      local value = ""
      for _, one in pairs(answer.headers[name] or {}) do value = one end
      txn.http:req_set_header(name, value)
    end
    txn:set_priv(answer.headers["set-cookie"])
    return
  end

  -- Whatever else went wrong is no reason to log in again.
  if status ~= 401 and status ~= 403 and status ~= 503 then return unavailable(txn) end

  local reply = txn:reply({ status = status, reason = answer.reason })
  for name, values in pairs(answer.headers) do
    if not NOT_RETURNED[name] then
      for _, value in pairs(values) do reply:add_header(name, value) end
    end
  end
  reply:set_body(answer.body)
  txn:done(reply)
end)

-- Session mode renews its access cookie on the way.
core.register_action("postern-cookies", { "http-res" }, function(txn)
  for _, cookie in pairs(txn:get_priv() or {}) do txn.http:res_add_header("set-cookie", cookie) end
end)
