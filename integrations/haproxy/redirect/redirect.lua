-- redirect for HAProxy: `http-request lua.redirect open` asks about a request, and sends the person to the page where
-- it must not pass. README.md explains it. Must never wait for anything but core.httpclient(), which lets all other
-- requests go on meanwhile; must never write a query or an address.

local QUESTION = "abns@redirect-question"  -- redirect.cfg has it
local KEY = "/etc/haproxy/redirect/key"
local LONGEST = 8192                       -- bytes of an address that can be asked about in one question
local PAGE = "^https?://[%w%.:%[%]_~/-]+/w/[%w_=-]+$"

local file = assert(io.open(KEY), "redirect: cannot read " .. KEY)
local key = assert(file:read("l"), "redirect: " .. KEY .. " is empty")
file:close()

local function first(headers, name, longest)
    return (headers[name] and headers[name][0] or ""):sub(1, longest)
end

local function letters(country)
    return country and country:match("^%a%a$") or ""
end

-- The page to send the person to, or why nothing could be decided, or neither where the request passes.
local function ask(txn)
    local headers = txn.http:req_get_headers()
    local answer = core.httpclient():get{
        url = "http://redirect/v1/forward?country=" .. letters(txn:get_var("txn.redirect_country")),
        dst = QUESTION,
        headers = {
            ["authorization"] = {"Bearer " .. key},
            ["x-original-uri"] = {txn.f:url()},
            ["x-original-method"] = {txn.f:method()},
            ["x-forwarded-host"] = {first(headers, "host", 255)},
            ["accept-language"] = {first(headers, "accept-language", 512)},
        },
    }
    if answer.status == 200 then return nil end
    local page = first(answer.headers or {}, "location", 4096)
    if (answer.status == 302 or answer.status == 303) and page:match(PAGE) then return page end
    return nil, answer.status or "no answer"
end

local function refuse(txn, status, headers)
    local reply = txn:reply{status = status}
    for name, value in pairs(headers) do reply:add_header(name, value) end
    txn:done(reply)
end

local function redirect(txn, on_error)
    if #txn.f:url() > LONGEST then return refuse(txn, 414, {}) end
    local asked, page, failure = pcall(ask, txn)
    if not asked then page, failure = nil, "no question" end
    if page then
        local method = txn.f:method()
        local status = (method == "GET" or method == "HEAD") and 302 or 303
        refuse(txn, status, {
            ["location"] = page, ["cache-control"] = "no-store", ["referrer-policy"] = "no-referrer",
        })
    elseif failure then
        core.log(core.warning, "redirect: not decided, " .. failure)
        if on_error == "closed" then refuse(txn, 503, {["cache-control"] = "no-store"}) end
    end
end

core.register_action("redirect", {"http-req"}, redirect, 1)
