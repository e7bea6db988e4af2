package terrace.exposure

violation[{"msg": msg}] {
  exposed := {"LoadBalancer", "NodePort"}
  exposed[input.review.object.spec.type]
  not declared
  msg := "LoadBalancer and NodePort Services need a declared firewall rule; use type ClusterIP, or name a rule in the annotation terrace.dev/firewall-rule"
}

violation[{"msg": msg}] {
  count(input.review.object.spec.externalIPs) > 0
  msg := "external IPs redirect traffic of other addresses; remove externalIPs"
}

declared {
  rule := input.review.object.metadata.annotations["terrace.dev/firewall-rule"]
  rule == input.parameters.rules[_]
}
