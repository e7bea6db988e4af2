package terrace.privileged

violation[{"msg": msg}] {
  container := containers[_]
  container.securityContext.privileged == true
  msg := sprintf("container %v must not be privileged; remove securityContext.privileged", [container.name])
}

containers[container] {
  groups := {"containers", "initContainers", "ephemeralContainers"}
  groups[group]
  container := input.review.object.spec[group][_]
}
