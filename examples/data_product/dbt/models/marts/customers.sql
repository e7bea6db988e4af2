select customer, min(country) as country, count(order_id)::int as orders, sum(amount_eur)::numeric(18, 2) as spent_eur,
  (count(order_id) filter (where status = 'returned')::numeric / count(order_id))::numeric(5, 4) as returned_share,
  max(ordered_at) as last_order
from {{ ref('int_orders_eur') }}
group by customer
