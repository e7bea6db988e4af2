package terrace.labels

violation[{"msg": msg}] {
  label := input.parameters.labels[_]
  not has(label)
  msg := sprintf("the label %v is required; set it on the pod", [label])
}

has(label) {
  input.review.object.metadata.labels[label] != ""
}
