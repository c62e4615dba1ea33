rpzFile("/etc/powerdns/redirect.rpz", {
  policyName = "redirect",
  -- Why the name is gone, for programs that show it: 16 by order of somebody else, 15 by your own policy.
  extendedErrorCode = 16,
  extendedErrorExtra = "https://networks.example/blocking",
})
